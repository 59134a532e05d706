import { answerFaults } from '../../support/validators/answer.ts';

/** A fetch for a client under test: what it is answered goes past strict validators, byte for byte as it came. */
export class Watch {
  #faults: string[] = [];
  #seen = 0;

  /** Given to a client in place of its own. */
  readonly fetch = async (input: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> => {
    const { method, url } = input instanceof Request ? input : { method: init?.method ?? 'GET', url: input };
    const { pathname: path } = new URL(url);
    const response = await fetch(input, init);
    const { status, headers } = response;
    const judge = (text: string, whole: boolean) => {
      this.#seen += 1;
      this.#faults.push(...answerFaults({ method, path, status, headers, text, whole }));
    };
    if (!response.body) {
      judge('', true);
      return response;
    }
    return new Response(recorded(response.body, judge), { status, statusText: response.statusText, headers });
  };

  /** The faults found since it was last asked; and an assurance that there was something to judge. */
  take(): { readonly judged: number; readonly faults: readonly string[] } {
    const taken = { judged: this.#seen, faults: this.#faults };
    this.#faults = [];
    this.#seen = 0;
    return taken;
  }
}

function recorded(
  body: ReadableStream<Uint8Array>,
  judge: (text: string, whole: boolean) => void,
): ReadableStream<Uint8Array> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  const recorder = new TransformStream<Uint8Array, Uint8Array>({
    transform: (bytes, controller) => {
      text += decoder.decode(bytes, { stream: true });
      controller.enqueue(bytes);
    },
    flush: () => judge(text, true),
    cancel: () => judge(text, false),
  });
  return body.pipeThrough(recorder);
}
