import { guardrailsKind } from './guardrails.ts';
import { keysKind } from './keys.ts';
import type { Kind } from './kind.ts';
import { membersKind } from './members.ts';
import { organizationsKind } from './organizations.ts';
import { workspacesKind } from './workspaces.ts';

/** Every kind of thing that callgate.yaml declares, each after those that it may name. */
export const KINDS: readonly Kind[] = [organizationsKind, membersKind, workspacesKind, guardrailsKind, keysKind];
