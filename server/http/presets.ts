import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import {
  diffVersions,
  findPreset,
  findVersion,
  patchPreset,
  presetSummaries,
  presetView,
  presetWithVersion,
  publishPreset,
  publishRequestBody,
  rollbackPreset,
  versionView,
} from '../admin/presets.ts';
import { type Refusal, refuse } from '../errors.ts';
import { CALLGATE_API, presetPatch, publishRequest, rollbackRequest } from '../protocol.ts';
import type { KeyRow } from '../store/store.ts';
import { decodeMessages } from '../surfaces/messages/decode.ts';
import { type MessagesRequest, messagesRequest } from '../surfaces/messages/schema.ts';
import { decodePresetFields } from '../surfaces/responses/decode.ts';
import { chatRequest } from './chat.ts';
import type { HttpContext } from './context.ts';
import { workspaceOf } from './organization-scope.ts';
import { identityOf, isRefusal, read, sendData, sendRefusal } from './reply.ts';

/** A management key names the workspace, by id or slug; an API key has its own. */
type InWorkspace = { workspace_id?: string | string[] };
type BySlug = { Params: { slug: string }; Querystring: InWorkspace };
const any = { config: { access: 'any', scoped: true } } as const;
const management = { config: { access: 'management', scoped: true } } as const;

/** OpenRouter's `/presets*`: reading, and saving a request's body as the next version. */
export function presetRoutes(app: FastifyInstance, { admin }: HttpContext): void {
  const workspaceIn = (request: FastifyRequest<{ Querystring: InWorkspace }>) =>
    workspaceOf(admin, request, request.query.workspace_id);

  app.get<{ Querystring: InWorkspace & { offset?: string; limit?: string } }>(
    '/api/v1/presets',
    any,
    async (request, reply) => {
      const workspace = workspaceIn(request);
      if (workspace.kind === 'refused') return sendRefusal(reply, workspace);
      const rows = await admin.store.presets.list(workspace.row.id);
      const from = Math.max(0, Number(request.query.offset) || 0);
      const count = Math.min(100, Math.max(1, Number(request.query.limit) || 50));
      return reply.send({ data: rows.slice(from, from + count).map(presetView), total_count: rows.length });
    },
  );

  app.get<BySlug>('/api/v1/presets/:slug', any, async (request, reply) => {
    const workspace = workspaceIn(request);
    if (workspace.kind === 'refused') return sendRefusal(reply, workspace);
    const found = await findPreset(admin, request.params.slug, workspace.row.id);
    return found.kind === 'refused'
      ? sendRefusal(reply, found)
      : sendData(reply, await presetWithVersion(admin, found.row));
  });

  app.get<{ Params: { slug: string }; Querystring: InWorkspace & { offset?: string; limit?: string } }>(
    '/api/v1/presets/:slug/versions',
    any,
    async (request, reply) => {
      const workspace = workspaceIn(request);
      if (workspace.kind === 'refused') return sendRefusal(reply, workspace);
      const found = await findPreset(admin, request.params.slug, workspace.row.id);
      if (found.kind === 'refused') return sendRefusal(reply, found);
      const rows = await admin.store.presets.versions(found.row.id);
      const from = Math.max(0, Number(request.query.offset) || 0);
      const count = Math.min(100, Math.max(1, Number(request.query.limit) || 50));
      return reply.send({
        data: rows.slice(from, from + count).map((row) => versionView(row, found.row)),
        total_count: rows.length,
      });
    },
  );

  app.get<{ Params: { slug: string; version: string }; Querystring: InWorkspace }>(
    '/api/v1/presets/:slug/versions/:version',
    any,
    async (request, reply) => {
      const workspace = workspaceIn(request);
      if (workspace.kind === 'refused') return sendRefusal(reply, workspace);
      const found = await findPreset(admin, request.params.slug, workspace.row.id);
      if (found.kind === 'refused') return sendRefusal(reply, found);
      const version = await findVersion(admin, found.row, Number(request.params.version) || 0);
      return version.kind === 'refused'
        ? sendRefusal(reply, version)
        : sendData(reply, versionView(version.row, found.row));
    },
  );

  for (const { path, request: schema, systemOf, fieldsOf = asTheyAre } of SURFACES) {
    app.post<BySlug>(`/api/v1/presets/:slug/${path}`, any, async (request, reply) => {
      const identity = identityOf(request);
      if (identity.kind === 'key' && !mayWritePresets(admin, identity.key)) {
        return sendRefusal(reply, refuse('preset_write_denied', { detail: `"${identity.key.name}"` }));
      }
      const workspace = workspaceIn(request);
      if (workspace.kind === 'refused') return sendRefusal(reply, workspace);
      const body = read<Body>(schema, request.body);
      if (body.kind === 'refused') return sendRefusal(reply, body);
      const fields = fieldsOf(body.value);
      if (fields.kind === 'refused') return sendRefusal(reply, fields);
      const creator = identity.kind === 'key' ? identity.key.id : 'management';
      const { slug } = request.params;
      const written = await publishRequestBody(
        admin,
        slug,
        fields.fields,
        systemOf(body.value),
        creator,
        workspace.row.id,
      );
      if (isRefusal(written)) return sendRefusal(reply, written);
      const found = await findPreset(admin, written.slug, workspace.row.id);
      return found.kind === 'refused'
        ? sendRefusal(reply, found)
        : sendData(reply, await presetWithVersion(admin, found.row));
    });
  }
}

/** What a behavior runs is not its own to change. */
function mayWritePresets({ store }: HttpContext['admin'], key: KeyRow): boolean {
  return key.canWritePresets && !store.behaviors.all().some(({ keyId }) => keyId === key.id);
}

/** Callgate's own operations on presets: files, rollback, diff, status. */
export function presetFileRoutes(app: FastifyInstance, { admin }: HttpContext): void {
  const send = (reply: FastifyReply, result: object | Refusal) =>
    isRefusal(result) ? sendRefusal(reply, result) : reply.send(result);
  const within = async (
    request: FastifyRequest<{ Querystring: InWorkspace }>,
    reply: FastifyReply,
    work: (workspaceId: string) => Promise<FastifyReply>,
  ) => {
    const workspace = workspaceOf(admin, request, request.query.workspace_id);
    return workspace.kind === 'refused' ? sendRefusal(reply, workspace) : work(workspace.row.id);
  };

  app.get<{ Querystring: InWorkspace }>(`${CALLGATE_API}/presets`, management, (request, reply) =>
    within(request, reply, async (workspace) => sendData(reply, await presetSummaries(admin, workspace))),
  );

  app.post<BySlug>(`${CALLGATE_API}/presets/:slug/publish`, management, async (request, reply) => {
    const body = read(publishRequest, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    return within(request, reply, async (workspace) =>
      send(reply, await publishPreset(admin, request.params.slug, body.value, workspace)),
    );
  });

  app.post<BySlug>(`${CALLGATE_API}/presets/:slug/rollback`, management, async (request, reply) => {
    const body = read(rollbackRequest, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    return within(request, reply, async (workspace) =>
      send(reply, await rollbackPreset(admin, request.params.slug, body.value.version, workspace)),
    );
  });

  app.patch<BySlug>(`${CALLGATE_API}/presets/:slug`, management, async (request, reply) => {
    const body = read(presetPatch, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    return within(request, reply, async (workspace) =>
      send(reply, await patchPreset(admin, request.params.slug, body.value, workspace)),
    );
  });

  app.get<{ Params: { slug: string }; Querystring: InWorkspace & { from?: string; to?: string } }>(
    `${CALLGATE_API}/presets/:slug/diff`,
    management,
    (request, reply) => {
      const { from, to } = request.query;
      return within(request, reply, async (workspace) =>
        send(reply, await diffVersions(admin, request.params.slug, Number(from) || 0, Number(to) || 0, workspace)),
      );
    },
  );
}

type Body = Readonly<Record<string, unknown>>;
type PresetFields = { readonly kind: 'decoded'; readonly fields: Body } | Refusal;

const asTheyAre = (body: Body): PresetFields => ({ kind: 'decoded', fields: body });

/** The surfaces a version can be saved from: what a request of each must be, and where it keeps its system prompt. */
const SURFACES: readonly {
  readonly path: string;
  readonly request: z.ZodType<Body>;
  readonly systemOf: (body: Body) => string | null;
  /** A preset is in a chat completion's words; absent: so is the request. */
  readonly fieldsOf?: (body: Body) => PresetFields;
}[] = [
  {
    path: 'chat/completions',
    request: chatRequest,
    systemOf: ({ messages }) => {
      const list = messages as readonly { readonly role: string; readonly content?: unknown }[];
      return textOf(list.find(({ role }) => role === 'system' || role === 'developer')?.content);
    },
  },
  {
    path: 'messages',
    request: messagesRequest.extend({ messages: messagesRequest.shape.messages.nullable() }),
    systemOf: ({ system }) => textOf(system),
    fieldsOf: (body) => {
      const decoded = decodeMessages({ ...body, messages: body['messages'] ?? [] } as MessagesRequest);
      return decoded.kind === 'refused' ? decoded : { kind: 'decoded', fields: decoded.request };
    },
  },
  {
    path: 'responses',
    request: z.looseObject({ instructions: z.string().nullable().optional() }),
    systemOf: ({ instructions }) => textOf(instructions),
    fieldsOf: decodePresetFields,
  },
];

function textOf(content: unknown): string | null {
  if (typeof content === 'string') return content === '' ? null : content;
  if (!Array.isArray(content)) return null;
  const parts = content.map((part: { text?: unknown }) => part.text).filter((text) => typeof text === 'string');
  return parts.length > 0 ? parts.join('\n') : null;
}
