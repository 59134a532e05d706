import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { type BehaviorHouse, findBehavior } from '../admin/behaviors.ts';
import {
  beginProposal,
  endProposal,
  expireProposals,
  findProposal,
  proposalView,
  rejectProposal,
} from '../admin/proposals.ts';
import { isWithin, workspacesOf } from '../admin/workspace-scope.ts';
import { type CallAnswer, type CallInput, generationId } from '../engine/call.ts';
import { kept } from '../engine/kept.ts';
import { refuse } from '../errors.ts';
import { CALLGATE_API } from '../protocol.ts';
import { sendWhole } from './answer-call.ts';
import { callerOf } from './caller.ts';
import type { HttpContext } from './context.ts';
import { organizationOf } from './organization-scope.ts';
import { read, sendData, sendRefusal } from './reply.ts';

type ById = { Params: { id: string } };
const scoped = { config: { access: 'management', scoped: true } } as const;
const PATH = `${CALLGATE_API}/behaviors/proposals`;
const query = z.object({
  behavior: z.string().max(100).optional(),
  status: z.enum(['pending', 'running', 'run', 'failed', 'rejected', 'expired']).optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
});
const rejection = z.strictObject({ note: z.string().max(500).optional() });
const SHOWN = 100;

/** `{CALLGATE_API}/behaviors/proposals*`: the queue of what behaviors of tier A propose, and its being run by a person. */
export function proposalRoutes(app: FastifyInstance, { admin, engine }: HttpContext, house: BehaviorHouse): void {
  const find = async (id: string, organization: string) => {
    const found = await findProposal(admin, id);
    return found.kind === 'proposal' && !isWithin(admin, found.row.workspaceId, organization)
      ? refuse('not_found', { message: 'There is no such proposal', metadata: { id } })
      : found;
  };

  app.get(PATH, scoped, async (request, reply) => {
    const asked = read(query, request.query);
    if (asked.kind === 'refused') return sendRefusal(reply, asked);
    const { behavior, status, limit } = asked.value;
    const organization = organizationOf(admin, request);
    const named = behavior === undefined ? null : findBehavior(house, behavior, organization);
    if (named?.kind === 'refused') return sendRefusal(reply, named);
    await expireProposals(admin);
    const rows = await admin.store.proposals.list(
      {
        workspaceIds: workspacesOf(admin, organization),
        ...(named ? { behaviorId: named.row.id } : {}),
        ...(status === undefined ? {} : { status }),
      },
      limit ?? SHOWN,
    );
    return sendData(
      reply,
      rows.map((row) => proposalView(admin, row)),
    );
  });

  app.get<ById>(`${PATH}/:id`, scoped, async (request, reply) => {
    const found = await find(request.params.id, organizationOf(admin, request));
    return found.kind === 'refused' ? sendRefusal(reply, found) : sendData(reply, proposalView(admin, found.row, true));
  });

  app.post<ById>(`${PATH}/:id/reject`, scoped, async (request, reply) => {
    const body = read(rejection, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const found = await find(request.params.id, organizationOf(admin, request));
    if (found.kind === 'refused') return sendRefusal(reply, found);
    const rejected = await rejectProposal(house, found.row.id, body.value.note ?? null);
    return rejected.kind === 'refused'
      ? sendRefusal(reply, rejected)
      : sendData(reply, proposalView(admin, rejected.row));
  });

  app.post<ById>(`${PATH}/:id/run`, scoped, async (request, reply) => {
    const found = await find(request.params.id, organizationOf(admin, request));
    if (found.kind === 'refused') return sendRefusal(reply, found);
    const begun = await beginProposal(house, found.row.id);
    if (begun.kind === 'refused') return sendRefusal(reply, begun);
    const { row, key } = begun;
    const gone = new AbortController();
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) gone.abort();
    });
    const id = generationId(admin.now());
    reply.header('x-generation-id', id);
    const { stream: _stream, stream_options: _options, ...body } = begun.body;
    const input: CallInput = {
      id,
      key,
      body,
      draft: null,
      caller: { ...callerOf(request), sessionId: row.task },
      signal: gone.signal,
      leave: { proposalId: row.id, presetHash: row.presetHash },
    };
    let answer: CallAnswer;
    try {
      answer = await kept(admin.ioLog, input, engine.call(input));
    } catch (error) {
      await endProposal(house, row, { outcome: 'failed', generationId: id, note: String(error).slice(0, 500) });
      throw error;
    }
    await endProposal(house, row, {
      outcome: answer.kind === 'json' ? 'run' : answer.kind === 'refused' ? 'refused' : 'failed',
      generationId: id,
      note: answer.kind === 'refused' ? answer.refusal.message : null,
    });
    return sendWhole(reply, answer);
  });
}
