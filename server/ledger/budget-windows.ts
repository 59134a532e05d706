import type { Layer, Reset } from '../store/store.ts';
import { windowStart } from './windows.ts';

/** A budget as far as the ledger goes by it: whose spend it limits, and over which window. */
type Budget = {
  readonly id: string;
  readonly limit: number | null;
  readonly reset: Reset | null;
  readonly includeByok: boolean;
};

/** The limit of a budget in the window that holds `now`. */
export function layerOf({ id, limit, reset, includeByok }: Budget, now: Date): Layer {
  return { id, limit, since: windowStart(reset, now), includeByok };
}
