/** A change of what is managed: who made it, what it did to what. A record holds no secret, and never changes. */
export type AuditRow = {
  /** From 1, without gaps. */
  readonly seq: number;
  readonly at: string;
  /** For people: `editor`, `command line`, `daemon`, `management key "CI"`, `key sk-cg-v1-1a2...f9c`. */
  readonly actor: string;
  /** `key.create`, `workspace.update`, … */
  readonly action: string;
  /** What kind of thing and its id: `key:<id>`. */
  readonly target: string;
  /** JSON; null: it was not there. */
  readonly before: unknown;
  /** JSON; null: it is no more. */
  readonly after: unknown;
  /** The hash of the record before, 64 zeros in the first. */
  readonly previous: string;
  /** SHA-256 over all else, hex. */
  readonly hash: string;
};

/** All that meet every condition given. */
export type AuditFilter = {
  /** ISO 8601 UTC, included. */
  readonly since?: string;
  /** The start of the action or target: `key.` or `key:<id>`. */
  readonly about?: string;
  /** At most so many, the newest. */
  readonly limit?: number;
};

export type AuditStore = {
  /**
   * Adds the record that `seal` makes of the last one. Inside `Store.transact` it stands and falls with the rest. `kept` is told once it
   * has been committed.
   */
  append(seal: (last: AuditRow | null) => AuditRow, kept: (row: AuditRow) => void): Promise<AuditRow>;
  /** Newest first. */
  list(filter: AuditFilter): Promise<readonly AuditRow[]>;
  last(): Promise<AuditRow | null>;
};
