import type { WorkspaceEdit } from 'vscode-languageserver';
import type { Fix } from './room.ts';

/** What a code action's `data` carries: a number, so that nothing of the document travels with an action nobody chose. */
export type FixTicket = { readonly fix: number; readonly uri: string; readonly version: number };

/** Several editors ask for the actions of several places before one is chosen. */
const MOST_FIXES = 200;

/** The fixes offered lately, waiting to be chosen. */
export class FixShelf {
  readonly #fixes = new Map<number, Fix>();
  #last = 0;

  put(fix: Fix, uri: string, version: number): FixTicket {
    this.#fixes.set(++this.#last, fix);
    this.#fixes.delete(this.#last - MOST_FIXES);
    return { fix: this.#last, uri, version };
  }

  /** The edit of a fix; null when it is no longer kept. */
  async take(ticket: FixTicket): Promise<WorkspaceEdit | null> {
    const fix = this.#fixes.get(ticket.fix);
    return fix === undefined ? null : await fix.edit();
  }
}

export function isFixTicket(data: unknown): data is FixTicket {
  if (typeof data !== 'object' || data === null) return false;
  const { fix, uri, version } = data as Partial<Record<keyof FixTicket, unknown>>;
  return typeof fix === 'number' && typeof uri === 'string' && typeof version === 'number';
}
