import { type Message, shorten, turnsOf } from './turns.ts';

/** What a prompt may come to. */
export type Room = { readonly tokens: number; readonly messages: number };

export type Cut = {
  readonly messages: readonly Message[];
  /** Messages that were left out, and those whose text was shortened. */
  readonly removed: number;
  readonly shortened: number;
};

/** A text is not cut below this: what is left would say nothing. */
const LEAST_BYTES = 64;

/**
 * Makes a chat fit by cutting it in the middle: whole turns first, from the centre outwards, so that as much of the beginning is kept
 * as of the end; then the texts that are left, the longest most. Instructions, the first and the last turn stay, a call of tools
 * stays with its results. `measure`: tokens of a message, and of what it was before it was shortened. Null: it cannot be made to fit.
 */
export function middleOut(
  messages: readonly Message[],
  room: Room,
  measure: (message: Message, original: Message) => number,
): Cut | null {
  const turns = turnsOf(messages);
  const sizes = turns.map((turn) => turn.messages.reduce((sum, message) => sum + measure(message, message), 0));
  let tokens = sizes.reduce((sum, size) => sum + size, 0);
  let count = messages.length;
  const gone = new Set<number>();
  for (const index of fromTheCentre(turns)) {
    if (tokens <= room.tokens && count <= room.messages) break;
    gone.add(index);
    tokens -= sizes[index] ?? 0;
    count -= turns[index]?.messages.length ?? 0;
  }
  if (count > room.messages) return null;
  const kept = turns.flatMap((turn, index) => (gone.has(index) ? [] : turn.messages));
  const removed = messages.length - kept.length;
  if (tokens <= room.tokens) return { messages: kept, removed, shortened: 0 };
  const fitting = shortenToFit(kept, room.tokens, measure);
  if (!fitting) return null;
  return { messages: fitting, removed, shortened: fitting.filter((message, at) => message !== kept[at]).length };
}

/** The turns that may go, the one nearest to the centre first. */
function fromTheCentre(turns: ReturnType<typeof turnsOf>): readonly number[] {
  const free = turns.flatMap((turn, index) => (turn.fixed ? [] : [index])).slice(1, -1);
  const centre = ((free[0] ?? 0) + (free.at(-1) ?? 0)) / 2;
  // Of two that are as near the earlier goes first: what was said last matters more.
  return free.toSorted((a, b) => Math.abs(a - centre) - Math.abs(b - centre) || a - b);
}

/** The longest length, in bytes, that every text may have so that all fit: found by halving. */
function shortenToFit(
  messages: readonly Message[],
  tokens: number,
  measure: (message: Message, original: Message) => number,
): readonly Message[] | null {
  const at = (level: number) => {
    const cut = messages.map((message) => shorten(message, level));
    const total = cut.reduce((sum, message, index) => sum + measure(message, messages[index] ?? message), 0);
    return total <= tokens ? cut : null;
  };
  let fitting = at(LEAST_BYTES);
  if (!fitting) return null;
  let low = LEAST_BYTES;
  let high = Math.max(...messages.map((message) => Buffer.byteLength(JSON.stringify(message))));
  while (high - low > Math.max(16, low / 100)) {
    const level = Math.floor((low + high) / 2);
    const tried = at(level);
    if (tried) {
      fitting = tried;
      low = level;
    } else high = level;
  }
  return fitting;
}
