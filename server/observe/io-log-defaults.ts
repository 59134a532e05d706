import type { IoLogSettings } from '../store/store.ts';

/** As long as OpenRouter keeps them. */
const RETENTION_DAYS = 90;

/** What is kept of a workspace's calls while nobody has said: nothing. */
export function defaultIoLogSettings(workspaceId: string): IoLogSettings {
  return {
    workspaceId,
    enabled: false,
    samplingRate: 1,
    retentionDays: RETENTION_DAYS,
    keyIds: null,
    presets: null,
    updatedAt: '',
  };
}
