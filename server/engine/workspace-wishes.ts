import { type Refusal, refuse } from '../errors.ts';
import type { WorkspaceRow } from '../store/workspace-store.ts';
import type { JsonObject } from './resolve-preset.ts';

/** What OpenRouter's plugins are called among its server tools. */
const TOOL_OF_PLUGIN: Readonly<Record<string, string>> = {
  web: 'openrouter:web_search',
  'web-fetch': 'openrouter:web_fetch',
  fusion: 'openrouter:fusion',
};

/**
 * What the key's workspace says of a request: the model where it names none, how endpoints are chosen where it does not say, and which
 * server tools it may not use. Gives back the very request where nothing applies.
 */
export function inWorkspace(
  request: JsonObject,
  workspace: WorkspaceRow | null,
): { readonly kind: 'request'; readonly request: JsonObject } | Refusal {
  if (!workspace) return refuse('workspace_not_found', { message: 'The workspace of this key is gone' });
  const { disabledServerTools: disabled, defaultProviderSort } = workspace;
  const tool = disabled && disabled.length > 0 ? disabledTool(request, disabled) : undefined;
  if (tool !== undefined) {
    return refuse('server_tool_disabled', {
      detail: `${tool} in workspace "${workspace.slug}"`,
      metadata: { scope: 'workspace', workspace_id: workspace.id, tool },
    });
  }
  const model = isNamed(request) ? null : defaultModel(request, workspace);
  const sorted = defaultProviderSort === null ? null : withSort(request['provider'], defaultProviderSort);
  if (model === null && sorted === null) return { kind: 'request', request };
  return {
    kind: 'request',
    request: { ...request, ...(model === null ? {} : { model }), ...(sorted === null ? {} : { provider: sorted }) },
  };
}

function isNamed({ model, models }: JsonObject): boolean {
  return (typeof model === 'string' && model !== '') || (Array.isArray(models) && models.length > 0);
}

function defaultModel({ modalities }: JsonObject, workspace: WorkspaceRow): string | null {
  const wantsImage = Array.isArray(modalities) && modalities.includes('image');
  return wantsImage ? workspace.defaultImageModel : workspace.defaultTextModel;
}

/** Null: the request has said how endpoints are chosen, or what is wrong with it is for others to say. */
function withSort(provider: unknown, sort: string): JsonObject | null {
  if (provider === undefined || provider === null) return { sort };
  if (typeof provider !== 'object' || Array.isArray(provider)) return null;
  const preferences = provider as JsonObject;
  const said = [preferences['sort'], preferences['order']].some((one) => one !== undefined && one !== null);
  return said ? null : { ...preferences, sort };
}

function disabledTool(request: JsonObject, disabled: readonly string[]): string | undefined {
  const names = new Set(disabled.map(plainName));
  return toolsOf(request).find((one) => names.has(plainName(one)));
}

const LONGEST_TOOL = 64;

/** `openrouter:web_search`, `web_search`, `web_search_preview` and `web_search_2025_08_26` are the same tool. */
const plainName = (tool: string) =>
  tool.length > LONGEST_TOOL ? tool : tool.replace(/^openrouter:/, '').replace(/(?:_preview)?(?:_[\d_]+)?$/, '');

function toolsOf({ tools, plugins, model, models }: JsonObject): readonly string[] {
  const typed = (list: unknown, field: string) =>
    (Array.isArray(list) ? list : []).flatMap((one: unknown) => {
      const name = typeof one === 'object' && one !== null ? (one as JsonObject)[field] : undefined;
      return typeof name === 'string' ? [name] : [];
    });
  const online = [model, ...(Array.isArray(models) ? models : [])].some(
    (one) => typeof one === 'string' && one.endsWith(':online'),
  );
  return [
    ...typed(tools, 'type'),
    ...typed(plugins, 'id').flatMap((id) => TOOL_OF_PLUGIN[id] ?? []),
    ...(online ? ['openrouter:web_search'] : []),
  ];
}
