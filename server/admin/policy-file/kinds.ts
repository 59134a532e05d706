import type { BehaviorHouse } from '../behaviors.ts';
import type { AdminContext } from '../context.ts';
import { behaviorsKind } from './behaviors.ts';
import { destinationsKind, type Environment } from './destinations.ts';
import { guardrailsKind } from './guardrails.ts';
import { keysKind } from './keys.ts';
import type { Kind } from './kind.ts';
import { membersKind } from './members.ts';
import { organizationsKind } from './organizations.ts';
import { permitsKind } from './permits.ts';
import { workspacesKind } from './workspaces.ts';

/** What plan, apply and export work on. */
export type PolicyParts = {
  readonly admin: AdminContext;
  /** Every kind of thing that callgate.yaml declares, each after those that it may name. */
  readonly kinds: readonly Kind[];
};

export function policyParts(house: BehaviorHouse, environment: Environment): PolicyParts {
  const kinds = [
    organizationsKind,
    membersKind,
    workspacesKind(house),
    guardrailsKind,
    keysKind,
    behaviorsKind(house),
    permitsKind(house),
    destinationsKind(environment),
  ];
  return { admin: house.admin, kinds };
}
