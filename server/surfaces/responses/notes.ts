import { type Refusal, refuse } from '../../errors.ts';

/** What is found out about a request while it is decoded: what cannot be asked for at all, and what is left out of what is asked. */
export class Notes {
  readonly warnings: string[] = [];
  #refusal: Refusal | null = null;

  /** The first thing that cannot be asked for; null when all can. */
  get refusal(): Refusal | null {
    return this.#refusal;
  }

  /** Names what is left out although the answer stands without it. */
  warn(what: string): void {
    this.warnings.push(what.slice(0, 200));
  }

  /** Names what the answer cannot do without and cannot be asked for. */
  reject(path: string, why: string): void {
    this.#refusal ??= refuse('invalid_request', {
      message: `${path}: ${why}`.slice(0, 500),
      metadata: { issues: [{ path, message: why.slice(0, 400) }] },
    });
  }
}

/** A word of the request's own, short enough to be repeated to whoever sent it. */
export const quoted = (value: unknown): string =>
  typeof value === 'string' ? `"${value.slice(0, 60)}"` : value === undefined ? 'nothing' : typeof value;
