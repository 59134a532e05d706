/** What a detector found in one text, in UTF-16 offsets. It never carries the text itself, so that it can be logged and sent. */
export type Finding = {
  readonly detector: 'pii' | 'secrets' | 'injection' | 'custom';
  /** The slug that a guardrail names (`email`, `secrets`, `regex-prompt-injection`), or a custom filter's label. */
  readonly type: string;
  readonly start: number;
  readonly end: number;
  /** The rule within the detector: a secret's format, an injection pattern's name. */
  readonly rule?: string;
  /** 0 to 1, of detectors that weigh. */
  readonly score?: number;
};
