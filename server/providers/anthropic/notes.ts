/** What a translation could not carry over: the first thing without which the answer would be to another question, and the rest. */
export class Notes {
  readonly warnings: string[] = [];
  #lacking: string | null = null;

  /** The field, with the reason in parentheses where it is not plain, that there are no words for. */
  get lacking(): string | null {
    return this.#lacking;
  }

  lack(field: string): void {
    this.#lacking ??= field;
  }

  warn(warning: string): void {
    this.warnings.push(warning);
  }
}
