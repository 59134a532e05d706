import type { GenerationStart } from '../store/store.ts';
import type { Bound } from './bound.ts';
import type { CallInput } from './call.ts';
import { modelsOf } from './eligible.ts';
import type { JsonObject, PresetUsed } from './resolve-preset.ts';

/** English text has about this many bytes to a token; only a crash in a call's first second is charged by it. */
const BYTES_PER_TOKEN = 4;

/** What the ledger keeps of a call before it is sent; without a bound, of one that is not going to be. */
export function startOf(
  input: CallInput,
  request: JsonObject,
  preset: PresetUsed | null,
  bound: Bound | null,
): GenerationStart {
  const { key, body, caller } = input;
  const session = request['session_id'];
  return {
    keyId: key.id,
    workspaceId: key.workspaceId,
    presetId: preset?.id ?? null,
    presetSlug: preset?.slug ?? null,
    presetVersion: preset?.version ?? null,
    presetHash: preset?.hash ?? null,
    requestedModel: typeof body['model'] === 'string' ? body['model'] : (modelsOf(request)[0] ?? ''),
    streamed: request['stream'] === true,
    sessionId: typeof session === 'string' ? session : caller.sessionId,
    httpReferer: caller.httpReferer,
    appTitle: caller.appTitle,
    userAgent: caller.userAgent,
    inputNano: bound ? Math.ceil(bound.current().inputNano / BYTES_PER_TOKEN) : 0,
    inputTokens: bound ? Math.ceil(bound.weight.bytes / BYTES_PER_TOKEN) + bound.weight.extra : 0,
  };
}
