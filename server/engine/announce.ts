import type { Events } from '../observe/events.ts';
import type { CallFinished } from '../protocol.ts';
import type { KeyRow } from '../store/store.ts';

/** Tells whoever shows spend live that a call of this key has ended: once for each call, settled or refused before it was sent. */
export function announce(
  events: Events,
  key: KeyRow,
  ended: Pick<CallFinished, 'id' | 'preset' | 'model' | 'provider' | 'status' | 'cost'>,
): void {
  events.emit({ kind: 'call', keyId: key.id, call: { key_hash: key.hash, workspace_id: key.workspaceId, ...ended } });
}
