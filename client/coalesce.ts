/**
 * Makes many requests for `work` into few: one runs `delay` ms after the first request, and at most one more is queued while
 * it runs. Nothing starves, as requests do not push the run back. Returns the request and a way to drop a pending one.
 */
export function coalesce(
  work: () => Promise<void>,
  delay: number,
): { readonly request: () => void; readonly dispose: () => void } {
  let timer: NodeJS.Timeout | undefined;
  let running = false;
  let again = false;
  let disposed = false;
  const run = async () => {
    timer = undefined;
    running = true;
    try {
      await work();
    } finally {
      running = false;
      if (again) {
        again = false;
        request();
      }
    }
  };
  const request = () => {
    if (disposed || timer) return;
    if (running) again = true;
    else timer = setTimeout(() => void run(), delay);
  };
  return {
    request,
    dispose: () => {
      disposed = true;
      clearTimeout(timer);
    },
  };
}
