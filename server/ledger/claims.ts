/** A call that waits, as far as those that came later must know of it. */
export type Claimant = {
  /** In order of arrival. */
  readonly ticket: number;
  /** The least that it waits for, at each of its layers. */
  readonly claim: number;
  readonly layers: readonly string[];
};

type Line = { readonly claimants: Claimant[]; total: number };

/**
 * What calls that wait hold against those that came after them: at every layer of theirs, not only where they lack something. So
 * nobody who came later takes what they wait for, and where there is enough for both nobody waits for them.
 */
export class Claims {
  readonly #lines = new Map<string, Line>();

  get isEmpty(): boolean {
    return this.#lines.size === 0;
  }

  add(claimant: Claimant): void {
    for (const layer of claimant.layers) {
      let line = this.#lines.get(layer);
      if (!line) {
        line = { claimants: [], total: 0 };
        this.#lines.set(layer, line);
      }
      insertByTicket(line.claimants, claimant);
      line.total += claimant.claim;
    }
  }

  remove(claimant: Claimant): void {
    for (const layer of claimant.layers) {
      const line = this.#lines.get(layer);
      const at = line?.claimants.indexOf(claimant) ?? -1;
      if (!line || at < 0) continue;
      line.claimants.splice(at, 1);
      line.total -= claimant.claim;
      if (line.claimants.length === 0) this.#lines.delete(layer);
    }
  }

  /** What those who came before this ticket hold at a layer. */
  before(layer: string, ticket: number): number {
    const line = this.#lines.get(layer);
    if (!line) return 0;
    if ((line.claimants.at(-1)?.ticket ?? 0) < ticket) return line.total;
    let sum = 0;
    for (const claimant of line.claimants) {
      if (claimant.ticket >= ticket) break;
      sum += claimant.claim;
    }
    return sum;
  }
}

/** Nearly always at the end. */
export function insertByTicket<T extends { readonly ticket: number }>(line: T[], one: T): void {
  let at = line.length;
  while (at > 0 && (line[at - 1]?.ticket ?? 0) > one.ticket) at -= 1;
  line.splice(at, 0, one);
}
