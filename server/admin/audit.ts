import { sealAudit } from './audit-chain.ts';
import type { AdminContext } from './context.ts';

export type AuditedChange = {
  /** What kind of thing, a point, and what was done: `key.create`, `workspace.update`, `preset.rollback`. */
  readonly action: string;
  /** What kind of thing, a colon, and its id: `key:<id>`. */
  readonly target: string;
  /** As it was; absent: it was not there. Fields named as secrets are left out. */
  readonly before?: unknown;
  /** As it is; absent: it is no more. */
  readonly after?: unknown;
  /** Absent: whoever asked for the operation that runs now. */
  readonly actor?: string;
};

/**
 * Keeps a record of a management change. Call it after the write, both inside `admin.store.transact`, so that neither is without the
 * other. Throws when the store cannot be written.
 */
export async function audit(
  admin: AdminContext,
  { action, target, before, after, actor }: AuditedChange,
): Promise<void> {
  const entry = {
    at: admin.now().toISOString(),
    actor: actor ?? admin.acting.actor,
    action,
    target,
    before: withoutSecrets(before ?? null),
    after: withoutSecrets(after ?? null),
  };
  await admin.store.audit.append(
    (last) => sealAudit(entry, last),
    // The log is kept apart from the database: it knows how far the chain went even when its end is cut off.
    ({ seq, hash }) => admin.log.info('audit', { seq, action, target, actor: entry.actor, head: hash }),
  );
}

/** Writes and records as one: neither is without the other. `write` is store writes alone, for nothing else is undone. */
export function audited(admin: AdminContext, change: AuditedChange, write: () => Promise<unknown>): Promise<void> {
  return admin.store.transact(async () => {
    await write();
    await audit(admin, change);
  });
}

/** Names of fields whose values never leave the place where they are kept. A key's `hash` is its public name. */
const SECRET =
  /^(?:secret|key|api_?key|token|access_?token|password|passphrase|authorization|credentials?|headers|private_?key|.*_?(?:secret|token|password)(?:_key)?)$/i;
const HIDDEN = '[not recorded]';
/** What stands in an address behind its host is often a token, in the path as in the query. */
const BEHIND_HOST = /^(https?:\/\/[^/?#\s]*[/?]).+$/is;
/** Text beyond it is not needed to say what was changed. UTF-16 code units. */
const LONGEST = 2_000;

/** As JSON, with secrets hidden and long text shortened. */
function withoutSecrets(value: unknown, name = ''): unknown {
  if (value === undefined || value === null) return null;
  if (SECRET.test(name)) return HIDDEN;
  if (typeof value === 'string') {
    const text = value.replace(BEHIND_HOST, `$1${HIDDEN}`);
    return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  }
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item));
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, withoutSecrets(inner, field)]));
  }
  return typeof value === 'number' && !Number.isFinite(value) ? null : value;
}
