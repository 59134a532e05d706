import { type Refusal, refuse } from '../../errors.ts';

/** What a request says that the canonical one has no words for: what cannot do without, first of all, and what can. */
export class Notes {
  readonly warnings: string[] = [];
  #refusal: Refusal | null = null;
  /** Something stands in the request that only Anthropic's own API understands. */
  isNative = false;

  get refusal(): Refusal | null {
    return this.#refusal;
  }

  /** `at`: the field, as the caller wrote it. */
  refuse(at: string, why: string): void {
    this.#refusal ??= refuse('invalid_request', { message: `${at}: ${why}`, metadata: { field: at } });
  }

  warn(warning: string): void {
    this.warnings.push(warning);
  }
}
