import type { GenerationRow, UsageSums } from './store.ts';

/** What was used on one day by one key, with one preset, model and provider. */
export type DayFact = UsageSums & {
  readonly day: string;
  readonly keyId: string;
  readonly workspaceId: string;
  readonly preset: string;
  readonly model: string;
  readonly provider: string;
  readonly reasoningTokens: number;
};

export type AnalyticsStore = {
  /** Both days included, in no order. */
  days(from: string, to: string): Promise<readonly DayFact[]>;
  /** Every call made from the one moment (included) to the other, oldest settlements first; other work goes on in between. */
  calls(from: string, to: string, each: (call: GenerationRow) => void): Promise<void>;
};
