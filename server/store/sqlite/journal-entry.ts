import type { Checkpoint, GenerationEnd, Reservation } from '../store.ts';
import { endOf, startOf } from './record.ts';

/** What happens to a reservation, one line of the journal each. */
export type Entry =
  | { readonly kind: 'open'; readonly reservation: Reservation }
  | { readonly kind: 'checkpoint'; readonly id: string; readonly checkpoint: Checkpoint }
  | { readonly kind: 'end'; readonly id: string; readonly end: GenerationEnd }
  | { readonly kind: 'release'; readonly id: string };

/** `start`: of `startText`. */
export function openLine({ id, layers, nano, day, createdAt }: Reservation, start: string): string {
  return `["open",${JSON.stringify([id, nano, day, createdAt, layers])},${start}]`;
}

/** `end`: of `endText`. */
export const endLine = (id: string, end: string): string => `["end",${JSON.stringify(id)},${end}]`;

export const checkpointLine = (id: string, checkpoint: Checkpoint): string =>
  JSON.stringify(['checkpoint', id, checkpoint]);

export const releaseLine = (id: string): string => JSON.stringify(['release', id]);

/** Reads a line; null when it is none of these, as a failing disk leaves it. */
export function entryOf(line: string): Entry | null {
  try {
    const [kind, first, second] = JSON.parse(line) as [string, unknown, unknown];
    switch (kind) {
      case 'open': {
        const [id, nano, day, createdAt, layers] = first as [string, number, string, string, string[]];
        return { kind, reservation: { id, nano, day, createdAt, layers, generation: startOf(second as unknown[]) } };
      }
      case 'end':
        return { kind, id: first as string, end: endOf(second as unknown[]) };
      case 'checkpoint':
        return { kind, id: first as string, checkpoint: second as Checkpoint };
      case 'release':
        return { kind, id: first as string };
      default:
        return null;
    }
  } catch {
    return null;
  }
}
