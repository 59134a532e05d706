import { type Refusal, refuse } from '../errors.ts';
import type { IoContent } from '../observe/io-content.ts';
import { defaultIoLogSettings } from '../observe/io-log-defaults.ts';
import type { IoLogPatch, IoLogPurge, IoLogStanding } from '../protocol.ts';
import type { IoLogSettings, KeyRow } from '../store/store.ts';
import type { WorkspaceRow } from '../store/workspace-store.ts';
import { audit } from './audit.ts';
import type { AdminContext } from './context.ts';
import { homeOrganization, isWithin, workspaceOrDefault } from './workspace-scope.ts';

/** What a workspace keeps of its calls' prompts and answers, and how much there is. `slug` absent: the default workspace. */
export async function ioLogStanding(
  admin: AdminContext,
  slug?: string | undefined,
  organizationId: string = homeOrganization(admin),
): Promise<IoLogStanding | Refusal> {
  const workspace = workspaceOrDefault(admin, organizationId, slug);
  return workspace.kind === 'refused' ? workspace : standingOf(admin, workspace.row);
}

/** Changes what is said; all else stays. */
export async function changeIoLog(
  admin: AdminContext,
  patch: IoLogPatch,
  organizationId: string = homeOrganization(admin),
): Promise<IoLogStanding | Refusal> {
  const { store, ioLog, now } = admin;
  const named = workspaceOrDefault(admin, organizationId, patch.workspace);
  if (named.kind === 'refused') return named;
  const workspace = named.row;
  const keyIds = await keyIdsOf(admin, workspace, patch.io_logging_api_key_hashes);
  if (keyIds !== null && keyIds !== undefined && 'kind' in keyIds) return keyIds;
  for (const preset of patch.io_logging_presets ?? []) {
    if (!(await store.presets.get(workspace.id, preset)))
      return refuse('preset_not_found', { message: `io_logging_presets: no preset is called "${preset}"` });
  }
  const before = ioLog.settings(workspace.id) ?? defaultIoLogSettings(workspace.id);
  const after: IoLogSettings = {
    workspaceId: workspace.id,
    enabled: patch.is_observability_io_logging_enabled ?? before.enabled,
    samplingRate: patch.io_logging_sampling_rate ?? before.samplingRate,
    retentionDays: patch.io_logging_retention_days ?? before.retentionDays,
    keyIds: keyIds === undefined ? before.keyIds : keyIds,
    presets: patch.io_logging_presets === undefined ? before.presets : patch.io_logging_presets,
    updatedAt: now().toISOString(),
  };
  await ioLog.configure(after);
  await audit(admin, { action: 'io-log.update', target: `workspace:${workspace.id}`, before, after });
  return standingOf(admin, workspace);
}

/** Deletes for good: one call's, those before a moment, or all of a workspace's. */
export async function purgeIoLog(
  admin: AdminContext,
  { workspace: slug, id, before }: IoLogPurge,
  organizationId: string = homeOrganization(admin),
): Promise<{ readonly purged: number } | Refusal> {
  const named = workspaceOrDefault(admin, organizationId, slug);
  if (named.kind === 'refused') return named;
  const workspace = named.row;
  const filter = { workspaceId: workspace.id, ...(id === undefined ? {} : { id }) };
  // Stored times have milliseconds and a Z; another spelling of the same moment would not compare.
  const until = before === undefined ? {} : { before: new Date(before).toISOString() };
  const purged = await admin.ioLog.purge({ ...filter, ...until });
  await audit(admin, {
    action: 'io-log.purge',
    target: `workspace:${workspace.id}`,
    after: { ...filter, ...until, purged },
  });
  return { purged };
}

/** OpenRouter's `GenerationContentData`, and what Callgate knows besides. A key finds its own calls only. */
export async function generationContent(
  admin: AdminContext,
  id: string,
  asker: KeyRow | null,
  organizationId?: string | undefined,
): Promise<Readonly<Record<string, unknown>> | Refusal> {
  const found = await admin.ioLog.content(id);
  if (!found || (asker && found.keyId !== asker.id) || !isWithin(admin, found.workspaceId, organizationId)) {
    return refuse('not_found', {
      message: `No prompt and answer of generation ${id.slice(0, 100)} are kept`,
      metadata: { remedy: 'Prompts and answers are kept only where it is switched on: callgate logs record on.' },
    });
  }
  return contentView(found.content, found.createdAt);
}

function contentView({ request, output, error, shortened }: IoContent, createdAt: string) {
  const { messages, prompt, ...parameters } = request;
  return {
    input: typeof prompt === 'string' && !Array.isArray(messages) ? { prompt } : { messages: messages ?? [] },
    output: { completion: output.completion, reasoning: output.reasoning },
    error,
    callgate: {
      created_at: createdAt,
      parameters,
      tool_calls: output.tool_calls,
      finish_reason: output.finish_reason,
      shortened,
    },
  };
}

/** Rotation changes a key's hash; what is kept is its id. Undefined: nothing was said. */
async function keyIdsOf(
  { store }: AdminContext,
  workspace: WorkspaceRow,
  hashes: readonly string[] | null | undefined,
): Promise<readonly string[] | null | undefined | Refusal> {
  if (hashes === null || hashes === undefined) return hashes;
  const ids: string[] = [];
  for (const hash of hashes) {
    const key = await store.keys.byHash(hash);
    if (key?.workspaceId !== workspace.id)
      return refuse('not_found', {
        message: `io_logging_api_key_hashes: workspace "${workspace.slug}" has no key ${hash.slice(0, 64)}`,
      });
    ids.push(key.id);
  }
  return ids;
}

async function standingOf({ store, ioLog }: AdminContext, { id, slug }: WorkspaceRow): Promise<IoLogStanding> {
  const settings = ioLog.settings(id) ?? defaultIoLogSettings(id);
  const hashes = new Map((await store.keys.list()).map((key) => [key.id, key.hash]));
  await ioLog.flush();
  const { entries, bytes, oldestAt } = await ioLog.sums(id);
  return {
    workspace_id: id,
    workspace: slug,
    is_observability_io_logging_enabled: settings.enabled,
    io_logging_sampling_rate: settings.samplingRate,
    io_logging_retention_days: settings.retentionDays,
    io_logging_api_key_hashes: settings.keyIds?.flatMap((key) => hashes.get(key) ?? []) ?? null,
    io_logging_presets: settings.presets ? [...settings.presets] : null,
    stored: entries,
    stored_bytes: bytes,
    oldest_at: oldestAt,
    ...ioLog.standing,
  };
}
