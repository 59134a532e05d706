import { hash } from 'node:crypto';
import { type Refusal, refuse } from '../../errors.ts';
import type { PolicyProblem } from '../../policy-file/parse.ts';
import { audit } from '../audit.ts';
import type { PolicyParts } from './kinds.ts';
import { changeOf, type PlannedChange, planPolicy } from './plan.ts';

export type NewSecret = { readonly section: string; readonly name: string; readonly secret: string };

export type Applied = {
  readonly kind: 'applied';
  readonly changes: readonly PlannedChange[];
  /** What the file says and did not come to be, for people. */
  readonly notes: readonly string[];
  /** Of keys that were made; told this once. */
  readonly secrets: readonly NewSecret[];
};

/** Thrown within the transaction, so that nothing of it is done. */
class Undo extends Error {
  override readonly name = 'Undo';
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/**
 * Does what the plan says, all of it or nothing. `expect`: the digest of the plan that somebody has agreed to; another one is refused.
 * `file`: what the file is called in messages.
 */
export async function applyPolicy(
  parts: PolicyParts,
  text: string,
  { expect, file }: { readonly expect?: string | undefined; readonly file: string },
): Promise<Applied | Refusal> {
  const { admin } = parts;
  try {
    return await admin.store.transact(() => apply(parts, text, expect, file));
  } catch (error) {
    // Whoever was told of changes on the way looks again at what is.
    for (const what of ['keys', 'workspaces', 'guardrails'] as const)
      admin.events.emit({ kind: 'changed', changed: { what } });
    if (error instanceof Undo) return error.refusal;
    throw error;
  }
}

async function apply(parts: PolicyParts, text: string, expect: string | undefined, file: string): Promise<Applied> {
  const { admin } = parts;
  const plan = await planPolicy(parts, text);
  if (plan.kind === 'invalid') throw new Undo(invalidPolicy(plan.problems, file));
  if (expect !== undefined && expect !== plan.digest) throw new Undo(refuse('policy_plan_outdated'));
  const secrets: NewSecret[] = [];
  for (const step of plan.steps) {
    const { kind, present, item, section, name, index } = step;
    const result =
      step.action === 'create' || !present
        ? await kind.create(admin, item)
        : step.action === 'update'
          ? await kind.update(admin, present, item)
          : await kind.remove(admin, present);
    if (result.kind === 'refused') {
      const problem = index === null ? null : plan.parsed.problemAt([section, index], result.message);
      const place = problem === null ? '' : `${file}:${problem.line}:${problem.column}: `;
      const message = `${place}${section} ${name}: ${result.message}`;
      throw new Undo({ ...result, message, metadata: { ...result.metadata, section, name, applied: 0 } });
    }
    if (result.secret !== undefined) secrets.push({ section, name, secret: result.secret });
  }
  const changes = plan.steps.map(changeOf);
  if (changes.length > 0) {
    const after = {
      changes: changes.map(({ action, section, name }) => `${action} ${section} ${name}`),
      file_digest: hash('sha256', text),
    };
    await audit(admin, { action: 'policy.apply', target: 'callgate.yaml', after });
  }
  return { kind: 'applied', changes, notes: plan.notes, secrets };
}

/** `callgate.yaml:3:5: …`, and all problems besides. */
export function invalidPolicy(problems: readonly PolicyProblem[], file: string): Refusal {
  const lines = problems.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`);
  return refuse('invalid_policy_file', { message: lines.slice(0, 20).join('\n'), metadata: { problems } });
}
