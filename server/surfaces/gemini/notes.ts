import { type Refusal, refuse } from '../../errors.ts';

/** What is found out about a request while it is decoded: what cannot be asked for at all, and what is left out. */
export class Notes {
  readonly warnings: string[] = [];
  #refusal: Refusal | null = null;

  /** The first thing that cannot be asked for; null when all can. */
  get refusal(): Refusal | null {
    return this.#refusal;
  }

  /** `at`: the field, as the caller wrote it. */
  refuse(at: string, why: string): void {
    this.#refusal ??= refuse('invalid_request', { message: `${at}: ${why}`.slice(0, 500), metadata: { field: at } });
  }

  /** Names what is left out although the answer stands without it. */
  warn(warning: string): void {
    this.warnings.push(warning.slice(0, 200));
  }

  /** Names all members that have no other place. */
  unsent(fields: Readonly<Record<string, unknown>>, known: ReadonlySet<string>, at: string): void {
    for (const name of Object.keys(fields)) if (!known.has(name)) this.warn(`${at}.${name.slice(0, 60)} is not sent`);
  }
}
