import { type Femto, parseUsd } from './money.ts';

/** What a router does for a request beside the one call of a model. */
export type ServerWork = {
  /** How many times the model may be asked, each time with all that came before. */
  readonly turns: number;
  readonly searches: number;
  /** The most all of it may cost, where the request says so. */
  readonly atMost: Femto | null;
  /** The tool or plugin whose cost nothing bounds; null: there is none. */
  readonly unbounded: string | null;
};

export const NO_WORK: ServerWork = { turns: 1, searches: 0, atMost: null, unbounded: null };

/** What a search costs at the most where its price is not known: the dearest of the vendors charge 0.035 dollars. */
export const SEARCH_ALLOWANCE: Femto = 50_000_000_000_000n;

/** OpenRouter's default for its `web` plugin is five results of one search. */
const PLUGIN_SEARCHES = 1;
/** Server tools that cost nothing but the model's tokens. */
const FREE_TOOLS: ReadonlySet<string> = new Set([
  'datetime',
  'tool_search',
  'apply_patch',
  'experimental__search_models',
]);
/** Plugins that ask no model and buy nothing. */
const FREE_PLUGINS: ReadonlySet<unknown> = new Set([
  'response-healing',
  'context-compression',
  'web-fetch',
  'moderation',
]);
const TOOL_PREFIX = 'openrouter:';

type Fields = Readonly<Record<string, unknown>>;

/** Reads `plugins`, `web_search_options` and server tools; nothing of the kind is `NO_WORK` itself. */
export function serverWorkOf(request: Fields): ServerWork {
  const plugins = request['plugins'];
  const tools = request['tools'];
  if (plugins === undefined && tools === undefined && request['web_search_options'] === undefined) return NO_WORK;
  const hosted = Array.isArray(tools) ? tools.filter(isServerTool) : [];
  let searches = request['web_search_options'] ? PLUGIN_SEARCHES : 0;
  let unbounded: string | null = null;
  for (const plugin of Array.isArray(plugins) ? (plugins as readonly Fields[]) : []) {
    const { id, enabled } = plugin ?? {};
    if (enabled === false || FREE_PLUGINS.has(id)) continue;
    if (id === 'web') searches += wholeNumber(plugin['max_uses']) ?? PLUGIN_SEARCHES;
    // A PDF that is read by a service is paid by the page.
    else unbounded ??= `plugin ${String(id).slice(0, 64)}`;
  }
  if (hosted.length === 0) {
    return searches === 0 && unbounded === null ? NO_WORK : { turns: 1, searches, atMost: null, unbounded };
  }
  const { steps, dollars } = stopOf(request['stop_server_tools_when']);
  let uses = 0;
  for (const { type, parameters } of hosted) {
    const name = type.startsWith(TOOL_PREFIX) ? type.slice(TOOL_PREFIX.length) : type;
    const most = wholeNumber((parameters as Fields | undefined)?.['max_uses']) ?? steps;
    if (most === null) unbounded ??= `tool ${type.slice(0, 64)}`;
    else if (name.startsWith('web_search')) searches += most;
    else if (!FREE_TOOLS.has(name) && name !== 'web_fetch') unbounded ??= `tool ${type.slice(0, 64)}`;
    uses += most ?? 0;
  }
  // The last turn is one without tools.
  const turns = 1 + (steps === null ? uses : Math.min(uses, steps));
  return { turns, searches, atMost: dollars, unbounded: dollars === null ? unbounded : null };
}

function isServerTool(tool: unknown): tool is { readonly type: string; readonly parameters?: unknown } {
  if (typeof tool !== 'object' || tool === null || !('type' in tool) || typeof tool.type !== 'string') return false;
  return tool.type.startsWith(TOOL_PREFIX) || tool.type.startsWith('web_search');
}

/** The conditions under which a router stops its tools: any one of them does. */
function stopOf(conditions: unknown): { readonly steps: number | null; readonly dollars: Femto | null } {
  let steps: number | null = null;
  let dollars: Femto | null = null;
  for (const condition of Array.isArray(conditions) ? (conditions as readonly Fields[]) : []) {
    const count = wholeNumber(condition?.['step_count']);
    if (count !== null) steps = Math.min(steps ?? count, count);
    const most = condition?.['max_cost_in_dollars'];
    const femto = typeof most === 'number' ? parseUsd(String(most)) : null;
    if (femto !== null && (dollars === null || femto < dollars)) dollars = femto;
  }
  return { steps, dollars };
}

function wholeNumber(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : null;
}
