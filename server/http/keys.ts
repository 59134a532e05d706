import type { FastifyInstance } from 'fastify';
import { currentKeyView, keyView, managementKeyView } from '../admin/key-view.ts';
import { createKey, createKeyBody, deleteKey, findKey, rotateKey, updateKey, updateKeyBody } from '../admin/keys.ts';
import { CALLGATE_API } from '../protocol.ts';
import type { HttpContext } from './context.ts';
import { identityOf, read, sendData, sendRefusal } from './reply.ts';

type ByHash = { Params: { hash: string } };
const management = { config: { access: 'management' } } as const;

/** `/key` and `/keys*`: OpenRouter's key management, and the rotation it has no endpoint for. */
export function keyRoutes(app: FastifyInstance, { admin }: HttpContext): void {
  app.get('/api/v1/key', { config: { access: 'any' } }, async (request, reply) => {
    const identity = identityOf(request);
    return sendData(
      reply,
      identity.kind === 'key' ? await currentKeyView(admin, identity.key) : await managementKeyView(admin),
    );
  });

  app.get<{ Querystring: { include_disabled?: string; offset?: string; workspace_id?: string } }>(
    '/api/v1/keys',
    management,
    async (request, reply) => {
      const { include_disabled, offset, workspace_id } = request.query;
      const keys = (await admin.store.keys.list()).filter(
        (key) =>
          (include_disabled === 'true' || !key.disabled) &&
          (workspace_id === undefined || key.workspaceId === workspace_id),
      );
      const from = Math.max(0, Number(offset) || 0);
      return sendData(reply, await Promise.all(keys.slice(from).map((key) => keyView(admin, key))));
    },
  );

  app.post('/api/v1/keys', management, async (request, reply) => {
    const body = read(createKeyBody, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const created = await createKey(admin, body.value);
    if ('code' in created) return sendRefusal(reply, created);
    return reply.code(201).send({ data: await keyView(admin, created.key), key: created.secret });
  });

  app.get<ByHash>('/api/v1/keys/:hash', management, async (request, reply) => {
    const key = await findKey(admin, request.params.hash);
    return key.kind === 'refused' ? sendRefusal(reply, key) : sendData(reply, await keyView(admin, key));
  });

  app.patch<ByHash>('/api/v1/keys/:hash', management, async (request, reply) => {
    const body = read(updateKeyBody, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const key = await updateKey(admin, request.params.hash, body.value);
    return key.kind === 'refused' ? sendRefusal(reply, key) : sendData(reply, await keyView(admin, key));
  });

  app.delete<ByHash>('/api/v1/keys/:hash', management, async (request, reply) => {
    const deleted = await deleteKey(admin, request.params.hash);
    return deleted.kind === 'refused' ? sendRefusal(reply, deleted) : reply.send({ deleted: true });
  });

  app.post<ByHash>(`${CALLGATE_API}/keys/:hash/rotate`, management, async (request, reply) => {
    const rotated = await rotateKey(admin, request.params.hash);
    if ('code' in rotated) return sendRefusal(reply, rotated);
    return reply.send({ data: await keyView(admin, rotated.key), key: rotated.secret });
  });
}
