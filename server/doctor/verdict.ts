/** What came of one look; `remedy` is one sentence, null where nothing need be done. */
export type Verdict = {
  readonly status: 'ok' | 'warning' | 'problem' | 'skipped';
  /** Stable, for programs. */
  readonly code: string;
  readonly message: string;
  readonly remedy: string | null;
};

export const fine = (message: string): Verdict => ({ status: 'ok', code: 'ok', message, remedy: null });

export const problem = (code: string, message: string, remedy: string): Verdict => ({
  status: 'problem',
  code,
  message,
  remedy,
});

export const warning = (code: string, message: string, remedy: string): Verdict => ({
  status: 'warning',
  code,
  message,
  remedy,
});

export const skipped = (code: string, message: string, remedy: string | null = null): Verdict => ({
  status: 'skipped',
  code,
  message,
  remedy,
});
