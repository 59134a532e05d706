import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { coalesce } from '../../client/coalesce.ts';

describe('coalesce', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('runs once for many requests, and never later than the delay after the first', async () => {
    const work = vi.fn(async () => undefined);
    const { request } = coalesce(work, 200);
    for (let i = 0; i < 10; i++) {
      request();
      await vi.advanceTimersByTimeAsync(19);
    }
    expect(work).toHaveBeenCalledTimes(0);
    await vi.advanceTimersByTimeAsync(10);
    expect(work).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('runs once more for requests during a run, also when that run fails', async () => {
    let finish: (error?: Error) => void = () => undefined;
    const work = vi.fn(
      () => new Promise<void>((resolve, reject) => (finish = (error) => (error ? reject(error) : resolve()))),
    );
    const { request } = coalesce(() => work().catch(() => undefined), 200);
    request();
    await vi.advanceTimersByTimeAsync(200);
    request();
    request();
    await vi.advanceTimersByTimeAsync(1000);
    expect(work).toHaveBeenCalledTimes(1);
    finish(new Error('lost'));
    await vi.advanceTimersByTimeAsync(200);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('does nothing after it is disposed', async () => {
    const work = vi.fn(async () => undefined);
    const { request, dispose } = coalesce(work, 200);
    request();
    dispose();
    request();
    await vi.advanceTimersByTimeAsync(1000);
    expect(work).not.toHaveBeenCalled();
  });
});
