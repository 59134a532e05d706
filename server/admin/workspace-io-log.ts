import { type Refusal, refuse } from '../errors.ts';
import { defaultIoLogSettings } from '../observe/io-log-defaults.ts';
import type { AdminContext } from './context.ts';

/** OpenRouter's way to say in a workspace what Callgate keeps in the I/O log's own settings. */
type IoLogFields = {
  readonly is_observability_io_logging_enabled?: boolean | undefined;
  readonly io_logging_sampling_rate?: number | undefined;
  readonly io_logging_api_key_ids?: readonly number[] | null | undefined;
};

/**
 * OpenRouter names keys by whole numbers here and nowhere else. Ours is the beginning of what stays when a key is rotated, within what
 * a JSON number holds exactly.
 */
export function keyNumber(keyId: string): number {
  return Number.parseInt(keyId.replaceAll('-', '').slice(0, 12), 16);
}

export function ioLogFields({ ioLog }: AdminContext, workspaceId: string): Record<string, unknown> {
  const { enabled, samplingRate, keyIds } = ioLog.settings(workspaceId) ?? defaultIoLogSettings(workspaceId);
  return {
    is_observability_io_logging_enabled: enabled,
    io_logging_sampling_rate: samplingRate,
    io_logging_api_key_ids: keyIds?.map(keyNumber) ?? null,
  };
}

/** Checks what is said of the I/O log; `apply` then says it. Keys must be those that a workspace's view has shown. */
export function applyIoLogFields(
  admin: AdminContext,
  workspaceId: string,
  body: IoLogFields,
): { readonly apply: () => Promise<void> } | Refusal {
  const { ioLog, now } = admin;
  const before = ioLog.settings(workspaceId) ?? defaultIoLogSettings(workspaceId);
  const {
    is_observability_io_logging_enabled: enabled,
    io_logging_sampling_rate: samplingRate,
    io_logging_api_key_ids: numbers,
  } = body;
  if (enabled === undefined && samplingRate === undefined && numbers === undefined) return { apply: async () => {} };
  const known = new Map((before.keyIds ?? []).map((id) => [keyNumber(id), id]));
  const unknown = numbers?.find((number) => !known.has(number));
  if (unknown !== undefined) {
    return refuse('invalid_request', {
      message: `io_logging_api_key_ids: no key here goes by the number ${unknown}`,
      metadata: {
        remedy: 'Name keys by their hashes instead: io_logging_api_key_hashes of PATCH /api/v1/callgate/io-log.',
      },
    });
  }
  return {
    apply: () =>
      ioLog.configure({
        ...before,
        enabled: enabled ?? before.enabled,
        samplingRate: samplingRate ?? before.samplingRate,
        keyIds: numbers === undefined ? before.keyIds : (numbers?.map((number) => known.get(number) ?? '') ?? null),
        updatedAt: now().toISOString(),
      }),
  };
}
