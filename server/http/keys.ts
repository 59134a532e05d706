import type { FastifyInstance } from 'fastify';
import { currentKeyView, keyView, managementKeyView } from '../admin/key-view.ts';
import { createKey, createKeyBody, deleteKey, findKey, rotateKey, updateKey, updateKeyBody } from '../admin/keys.ts';
import { keysQuery, listKeys } from '../admin/list-keys.ts';
import { CALLGATE_API } from '../protocol.ts';
import type { HttpContext } from './context.ts';
import { organizationOf } from './organization-scope.ts';
import { identityOf, read, sendData, sendRefusal } from './reply.ts';

type ByHash = { Params: { hash: string } };
const management = { config: { access: 'management', scoped: true } } as const;

/** `/key` and `/keys*`: OpenRouter's key management, and the rotation it has no endpoint for. */
export function keyRoutes(app: FastifyInstance, { admin }: HttpContext): void {
  app.get('/api/v1/key', { config: { access: 'any', scoped: true } }, async (request, reply) => {
    const identity = identityOf(request);
    if (identity.kind === 'key') return sendData(reply, await currentKeyView(admin, identity.key));
    const label = identity.managementKey?.label ?? 'management';
    return sendData(reply, await managementKeyView(admin, identity.organizationId, label));
  });

  app.get('/api/v1/keys', management, async (request, reply) => {
    const query = read(keysQuery, request.query);
    if (query.kind === 'refused') return sendRefusal(reply, query);
    const keys = await listKeys(admin, organizationOf(admin, request), query.value);
    if (keys.kind === 'refused') return sendRefusal(reply, keys);
    return sendData(reply, await Promise.all(keys.rows.map((key) => keyView(admin, key))));
  });

  app.post('/api/v1/keys', management, async (request, reply) => {
    const body = read(createKeyBody, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const created = await createKey(admin, body.value, 'program', organizationOf(admin, request));
    if ('code' in created) return sendRefusal(reply, created);
    return reply.code(201).send({ data: await keyView(admin, created.key), key: created.secret });
  });

  app.get<ByHash>('/api/v1/keys/:hash', management, async (request, reply) => {
    const key = await findKey(admin, request.params.hash, organizationOf(admin, request));
    return key.kind === 'refused' ? sendRefusal(reply, key) : sendData(reply, await keyView(admin, key));
  });

  app.patch<ByHash>('/api/v1/keys/:hash', management, async (request, reply) => {
    const body = read(updateKeyBody, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const key = await updateKey(admin, request.params.hash, body.value, organizationOf(admin, request));
    return key.kind === 'refused' ? sendRefusal(reply, key) : sendData(reply, await keyView(admin, key));
  });

  app.delete<ByHash>('/api/v1/keys/:hash', management, async (request, reply) => {
    const deleted = await deleteKey(admin, request.params.hash, organizationOf(admin, request));
    return deleted.kind === 'refused' ? sendRefusal(reply, deleted) : reply.send({ deleted: true });
  });

  app.post<ByHash>(`${CALLGATE_API}/keys/:hash/rotate`, management, async (request, reply) => {
    const rotated = await rotateKey(admin, request.params.hash, organizationOf(admin, request));
    if ('code' in rotated) return sendRefusal(reply, rotated);
    return reply.send({ data: await keyView(admin, rotated.key), key: rotated.secret });
  });
}
