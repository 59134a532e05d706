import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { isWithin } from '../admin/workspace-scope.ts';
import { generationId } from '../engine/call.ts';
import { type Refusal, refuse } from '../errors.ts';
import { CALLGATE_API } from '../protocol.ts';
import type { KeyRow } from '../store/store.ts';
import { callerOf } from './caller.ts';
import { chatRequest, withoutNulls } from './chat.ts';
import type { HttpContext, Identity } from './context.ts';
import { identityOf, read, sendData, sendRefusal } from './reply.ts';

const routeRequest = chatRequest.extend({
  /** Whose call it would be, when the management key asks; absent: the editor's. */
  key_hash: z
    .string()
    .regex(/^[a-f0-9]{64}$/, 'must be the hash of an API key')
    .optional(),
});

/** `POST /api/v1/callgate/route`: where a chat request would go and what it may cost, without sending it. */
export function routeRoutes(app: FastifyInstance, { admin, engine }: HttpContext): void {
  app.post(`${CALLGATE_API}/route`, { config: { access: 'any', scoped: true } }, async (request, reply) => {
    const body = read(routeRequest, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const { key_hash: hash, ...chat } = body.value;
    const key = await keyFor(identityOf(request), hash);
    if (key.kind === 'refused') return sendRefusal(reply, key);
    const id = generationId(admin.now());
    const { signal } = new AbortController();
    const input = { id, key: key.row, body: withoutNulls(chat), draft: null, caller: callerOf(request), signal };
    return sendData(reply, await engine.dryRun(input));
  });

  async function keyFor(
    identity: Identity,
    hash: string | undefined,
  ): Promise<{ readonly kind: 'key'; readonly row: KeyRow } | Refusal> {
    if (identity.kind === 'key') {
      if (hash === undefined || hash === identity.key.hash) return { kind: 'key', row: identity.key };
      return refuse('management_key_required', {
        message: 'key_hash: only the management key may ask for another key',
      });
    }
    const row = hash === undefined ? await admin.store.keys.ofKind('editor') : await admin.store.keys.byHash(hash);
    return row && isWithin(admin, row.workspaceId, identity.organizationId)
      ? { kind: 'key', row }
      : refuse('not_found', { message: `key_hash: there is no key ${hash ?? '"editor"'}` });
  }
}
