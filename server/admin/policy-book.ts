import { combine } from '../policy/combine.ts';
import type { EffectivePolicy } from '../policy/effective-policy.ts';
import type { KeyRow } from '../store/store.ts';

/** What every layer above a key says, combined once and remembered until one of the layers changes. */
export class PolicyBook {
  /** By the row itself: a key that has changed is another row. */
  readonly #remembered = new WeakMap<KeyRow, EffectivePolicy>();

  /** The policy over this key as it stands now. Throws when it cannot be known; no call may go on then. */
  readonly policyOf = (key: KeyRow): EffectivePolicy => {
    let policy = this.#remembered.get(key);
    if (!policy) {
      policy = combine({
        key,
        organization: null,
        workspace: { id: key.workspaceId, slug: '', includeByok: false, budgets: [] },
        defaultGuardrail: null,
        memberGuardrail: null,
        keyGuardrail: null,
        behavior: null,
      });
      this.#remembered.set(key, policy);
    }
    return policy;
  };
}
