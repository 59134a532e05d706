import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { behaviorRulesPatch } from '../admin/behavior-rules.ts';
import { behaviorView, entryView } from '../admin/behavior-view.ts';
import {
  type BehaviorHouse,
  createBehavior,
  createBehaviorBody,
  deleteBehavior,
  type Found,
  findBehavior,
  moveBehavior,
  setBehaviorRules,
  updateBehavior,
  updateBehaviorBody,
} from '../admin/behaviors.ts';
import { keyView } from '../admin/key-view.ts';
import { findKey } from '../admin/keys.ts';
import { releaseKey } from '../admin/runaway.ts';
import { isWithin } from '../admin/workspace-scope.ts';
import { type Refusal, refuse } from '../errors.ts';
import { CALLGATE_API } from '../protocol.ts';
import { organizationOf, workspaceOf } from './organization-scope.ts';
import { read, sendData, sendRefusal } from './reply.ts';

type ById = { Params: { id: string } };
const scoped = { config: { access: 'management', scoped: true } } as const;
const PATH = `${CALLGATE_API}/behaviors`;
const moveBody = z.strictObject({ tier: z.enum(['A', 'B', 'C']).optional(), note: z.string().max(500).optional() });
const inWorkspace = z.object({ workspace: z.string().max(64).optional() });
const ledgerQuery = z.object({ limit: z.coerce.number().int().min(1).max(1000).optional() });
const SHOWN = 100;

/** `{CALLGATE_API}/behaviors*`: a preset bound to a key, its tier, and the ledger of what it did. By id or name. */
export function behaviorRoutes(app: FastifyInstance, house: BehaviorHouse): void {
  const { admin } = house;
  const find = (id: string, organization: string): Found | Refusal => findBehavior(house, id, organization);

  app.get(PATH, scoped, async (request, reply) => {
    const organization = organizationOf(admin, request);
    const rows = admin.store.behaviors.all().filter((row) => isWithin(admin, row.workspaceId, organization));
    return sendData(reply, await Promise.all(rows.map((row) => behaviorView(house, row))));
  });

  app.post(PATH, scoped, async (request, reply) => {
    const body = read(createBehaviorBody, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const key = await findKey(admin, body.value.key, organizationOf(admin, request));
    if (key.kind === 'refused') return sendRefusal(reply, key);
    const made = await createBehavior(house, body.value);
    return made.kind === 'refused'
      ? sendRefusal(reply, made)
      : sendData(reply, await behaviorView(house, made.row), 201);
  });

  app.get(`${PATH}/rules`, scoped, async (request, reply) => {
    const query = read(inWorkspace, request.query);
    if (query.kind === 'refused') return sendRefusal(reply, query);
    const workspace = workspaceOf(admin, request, query.value.workspace);
    return workspace.kind === 'refused'
      ? sendRefusal(reply, workspace)
      : sendData(reply, house.book.rulesOf(workspace.row.id));
  });

  app.patch(`${PATH}/rules`, scoped, async (request, reply) => {
    const query = read(inWorkspace, request.query);
    if (query.kind === 'refused') return sendRefusal(reply, query);
    const body = read(behaviorRulesPatch, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const workspace = workspaceOf(admin, request, query.value.workspace);
    return workspace.kind === 'refused'
      ? sendRefusal(reply, workspace)
      : sendData(reply, await setBehaviorRules(house, workspace.row.id, body.value));
  });

  app.get<ById>(`${PATH}/:id`, scoped, async (request, reply) => {
    const found = find(request.params.id, organizationOf(admin, request));
    return found.kind === 'refused' ? sendRefusal(reply, found) : sendData(reply, await behaviorView(house, found.row));
  });

  app.get<ById>(`${PATH}/:id/ledger`, scoped, async (request, reply) => {
    const query = read(ledgerQuery, request.query);
    if (query.kind === 'refused') return sendRefusal(reply, query);
    const found = find(request.params.id, organizationOf(admin, request));
    if (found.kind === 'refused') return sendRefusal(reply, found);
    const entries = await admin.store.behaviors.ledger(found.row.id, query.value.limit ?? SHOWN);
    return sendData(reply, entries.map(entryView));
  });

  app.patch<ById>(`${PATH}/:id`, scoped, async (request, reply) => {
    const body = read(updateBehaviorBody, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const organization = organizationOf(admin, request);
    const found = find(request.params.id, organization);
    if (found.kind === 'refused') return sendRefusal(reply, found);
    const key = body.value.key === undefined ? null : await findKey(admin, body.value.key, organization);
    if (key?.kind === 'refused') return sendRefusal(reply, key);
    const after = await updateBehavior(house, found.row.id, body.value);
    return after.kind === 'refused' ? sendRefusal(reply, after) : sendData(reply, await behaviorView(house, after.row));
  });

  for (const [path, up] of [
    ['promote', true],
    ['demote', false],
  ] as const) {
    app.post<ById>(`${PATH}/:id/${path}`, scoped, async (request, reply) => {
      const body = read(moveBody, request.body);
      if (body.kind === 'refused') return sendRefusal(reply, body);
      const found = find(request.params.id, organizationOf(admin, request));
      if (found.kind === 'refused') return sendRefusal(reply, found);
      const next = up ? null : found.row.tier === 'C' ? 'B' : 'A';
      const { tier, note } = body.value;
      if (tier !== undefined && up !== tier > found.row.tier) {
        return sendRefusal(
          reply,
          refuse('invalid_request', { message: `tier: ${tier} is not ${up ? 'above' : 'below'} ${found.row.tier}` }),
        );
      }
      if (up && found.row.tier === 'C')
        return sendRefusal(reply, refuse('invalid_request', { message: 'Tier C is the highest' }));
      const after = await moveBehavior(house, found.row.id, tier ?? next, note ?? null);
      return after.kind === 'refused'
        ? sendRefusal(reply, after)
        : sendData(reply, await behaviorView(house, after.row));
    });
  }

  app.delete<ById>(`${PATH}/:id`, scoped, async (request, reply) => {
    const found = find(request.params.id, organizationOf(admin, request));
    if (found.kind === 'refused') return sendRefusal(reply, found);
    const deleted = await deleteBehavior(house, found.row.id);
    return deleted.kind === 'refused' ? sendRefusal(reply, deleted) : reply.send({ deleted: true });
  });

  app.post<{ Params: { hash: string } }>(`${CALLGATE_API}/keys/:hash/release`, scoped, async (request, reply) => {
    const key = await findKey(admin, request.params.hash, organizationOf(admin, request));
    if (key.kind === 'refused') return sendRefusal(reply, key);
    const released = await releaseKey(house, key.hash);
    return released.kind === 'refused' ? sendRefusal(reply, released) : sendData(reply, await keyView(admin, released));
  });
}
