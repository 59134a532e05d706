import { combine } from '../policy/combine.ts';
import type { EffectivePolicy } from '../policy/effective-policy.ts';
import type { PolicyInputs } from '../policy/policy-inputs.ts';
import type { GuardrailRow } from '../store/guardrail-store.ts';
import type { KeyRow, Store } from '../store/store.ts';
import type { WorkspaceRow } from '../store/workspace-store.ts';

type Stores = Pick<Store, 'organizations' | 'workspaces' | 'workspaceBudgets' | 'guardrails' | 'behaviors'>;

/**
 * What every layer above a key says, combined once and remembered until one of the layers changes. The store keeps those layers in memory
 * and answers the very same list until something in it changes, so that nobody has to tell this book.
 */
export class PolicyBook {
  readonly #stores: Stores;
  /** By the row itself: a key that has changed is another row. */
  #remembered = new WeakMap<KeyRow, EffectivePolicy>();
  #madeOf: readonly (readonly unknown[])[] = [];

  constructor(stores: Stores) {
    this.#stores = stores;
  }

  /** The policy over this key as it stands now. Throws when it cannot be known; no call may go on then. */
  readonly policyOf = (key: KeyRow): EffectivePolicy => {
    this.#forgetWhatChanged();
    let policy = this.#remembered.get(key);
    if (!policy) {
      policy = combine(this.inputsOf(key));
      this.#remembered.set(key, policy);
    }
    return policy;
  };

  /** What the policy over a key is made of. */
  inputsOf(key: KeyRow): PolicyInputs {
    const { organizations, workspaces, workspaceBudgets, guardrails, behaviors } = this.#stores;
    const workspace = workspaces.get(key.workspaceId);
    if (!workspace) throw new Error(`The key "${key.name}" belongs to no workspace`);
    const organization = organizations.get(workspace.organizationId);
    if (!organization) throw new Error(`The workspace "${workspace.slug}" belongs to no organization`);
    const ceiling = guardrails.policies().find((one) => one.organizationId === organization.id);
    const defaultGuardrail = guardrails.all().find((one) => one.isDefault && one.workspaceId === workspace.id);
    const ofKey = guardrails.keyAssignments().find((one) => one.keyId === key.id);
    const ofMember =
      key.creatorUserId === null
        ? undefined
        : guardrails
            .memberAssignments()
            .find((one) => one.organizationId === organization.id && one.userId === key.creatorUserId);
    const behavior = behaviors.all().find((one) => one.keyId === key.id);
    return {
      key,
      organization: {
        id: organization.id,
        name: organization.name,
        credits: organization.credits,
        rules: ceiling?.rules ?? null,
        injectionAllowList: ceiling?.injectionAllowList ?? [],
      },
      workspace: workspaceInputs(workspace, workspaceBudgets),
      defaultGuardrail: defaultGuardrail ?? null,
      memberGuardrail: ofMember ? this.#assigned(ofMember.guardrailId) : null,
      keyGuardrail: ofKey ? this.#assigned(ofKey.guardrailId) : null,
      behavior: behavior ? { id: behavior.id, name: behavior.name } : null,
    };
  }

  #assigned(id: string): GuardrailRow {
    const guardrail = this.#stores.guardrails.get(id);
    // Going on without it would let through what it forbids.
    if (!guardrail) throw new Error(`Guardrail ${id} is assigned and is not there`);
    return guardrail;
  }

  #forgetWhatChanged(): void {
    const { organizations, workspaces, workspaceBudgets, guardrails, behaviors } = this.#stores;
    const of = this.#madeOf;
    if (
      of[0] === guardrails.all() &&
      of[1] === guardrails.keyAssignments() &&
      of[2] === guardrails.memberAssignments() &&
      of[3] === guardrails.policies() &&
      of[4] === workspaceBudgets.all() &&
      of[5] === workspaces.all() &&
      of[6] === organizations.all() &&
      of[7] === behaviors.all()
    )
      return;
    this.#madeOf = [
      guardrails.all(),
      guardrails.keyAssignments(),
      guardrails.memberAssignments(),
      guardrails.policies(),
      workspaceBudgets.all(),
      workspaces.all(),
      organizations.all(),
      behaviors.all(),
    ];
    this.#remembered = new WeakMap();
  }
}

/** A workspace as far as policy goes by it. */
export function workspaceInputs(
  { id, slug, includeByokInBudgets: includeByok }: WorkspaceRow,
  budgets: Stores['workspaceBudgets'],
): PolicyInputs['workspace'] {
  const own = budgets.of(id).map(({ id, limit, interval }) => ({
    id,
    limit,
    reset: interval === 'lifetime' ? null : interval,
  }));
  return { id, slug, includeByok, budgets: own };
}
