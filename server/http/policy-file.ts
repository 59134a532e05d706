import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { applyPolicy, invalidPolicy } from '../admin/policy-file/apply.ts';
import { exportPolicy } from '../admin/policy-file/export.ts';
import type { PolicyParts } from '../admin/policy-file/kinds.ts';
import { changeOf, planPolicy } from '../admin/policy-file/plan.ts';
import { CALLGATE_API } from '../protocol.ts';
import { isRefusal, read, sendData, sendRefusal } from './reply.ts';

/** A file may name any organization, so a key of one of them does not do. */
const owner = { config: { access: 'daemon' } } as const;
/** What the file is called in the places of its problems. */
const file = z.string().min(1).max(1_000).default('callgate.yaml');
const planRequest = z.strictObject({ text: z.string(), file });
const applyRequest = z.strictObject({ text: z.string(), file, expect: z.string().optional() });

/** Policy as code: what callgate.yaml would change, doing it, and writing the file from what is. */
export function policyFileRoutes(app: FastifyInstance, parts: PolicyParts): void {
  app.post(`${CALLGATE_API}/policy/plan`, owner, async (request, reply) => {
    const body = read(planRequest, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const plan = await planPolicy(parts, body.value.text);
    if (plan.kind === 'invalid') return sendRefusal(reply, invalidPolicy(plan.problems, body.value.file));
    return sendData(reply, { changes: plan.steps.map(changeOf), notes: plan.notes, digest: plan.digest });
  });

  app.post(`${CALLGATE_API}/policy/apply`, owner, async (request, reply) => {
    const body = read(applyRequest, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const { text, ...rest } = body.value;
    const applied = await applyPolicy(parts, text, rest);
    if (isRefusal(applied)) return sendRefusal(reply, applied);
    return sendData(reply, { changes: applied.changes, notes: applied.notes, secrets: applied.secrets });
  });

  app.get(`${CALLGATE_API}/policy/export`, owner, async (_request, reply) =>
    sendData(reply, { text: await exportPolicy(parts) }),
  );
}
