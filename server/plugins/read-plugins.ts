import { type Refusal, refuse } from '../errors.ts';

/** What a request's plugins come to here. */
export type Plugins = {
  readonly kind: 'plugins';
  /** Whether the JSON of an answer is to be mended. */
  readonly healing: boolean;
  /** Whether a prompt that does not fit is to be cut; null: as the model's context length says. */
  readonly compression: boolean | null;
  /** Those that only a router can run, by id. */
  readonly routerOnly: readonly string[];
};

/** OpenRouter's plugins that need its own models, searches or parsers. */
const ROUTER_ONLY: ReadonlySet<string> = new Set([
  'auto-router',
  'auto-beta-router',
  'pareto-router',
  'fusion',
  'switchyard-router',
  'jev-router',
  'moderation',
  'web',
  'web-fetch',
  'file-parser',
]);
const KNOWN: readonly string[] = ['context-compression', 'response-healing', ...ROUTER_ONLY];

const NONE: Plugins = { kind: 'plugins', healing: false, compression: null, routerOnly: [] };

/**
 * Reads `plugins` and the older `transforms` of a merged request. What nobody here or at a router knows is refused by name, never
 * dropped. Of entries with one id the last counts; `enabled: false` switches one off, and compression off where it is the default.
 */
export function readPlugins(request: Readonly<Record<string, unknown>>): Plugins | Refusal {
  const plugins = request['plugins'] ?? undefined;
  const transforms = request['transforms'] ?? undefined;
  if (plugins === undefined && transforms === undefined) return NONE;
  const compression = readTransforms(transforms);
  if (typeof compression === 'object' && compression !== null) return compression;
  if (plugins === undefined) return { ...NONE, compression };
  if (!Array.isArray(plugins)) return invalid('plugins', 'must be an array');
  const enabled = new Map<string, boolean>();
  for (const [index, entry] of plugins.entries()) {
    const read = readEntry(entry, `plugins[${index}]`);
    if (read.kind === 'refused') return read;
    enabled.set(read.id, read.enabled);
  }
  return {
    kind: 'plugins',
    healing: enabled.get('response-healing') ?? false,
    compression: enabled.get('context-compression') ?? compression,
    routerOnly: [...enabled].filter(([id, on]) => on && ROUTER_ONLY.has(id)).map(([id]) => id),
  };
}

type Entry = { readonly kind: 'entry'; readonly id: string; readonly enabled: boolean };

function readEntry(entry: unknown, at: string): Entry | Refusal {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return invalid(at, 'must be an object');
  const { id, enabled, engine } = entry as Record<string, unknown>;
  if (typeof id !== 'string') return invalid(`${at}.id`, 'must name a plugin');
  if (!KNOWN.includes(id)) {
    const detail = `${at}.id: ${JSON.stringify(id.slice(0, 100))}`;
    return refuse('unknown_plugin', { detail, metadata: { param: `${at}.id`, known_plugins: KNOWN } });
  }
  if (enabled !== undefined && enabled !== null && typeof enabled !== 'boolean')
    return invalid(`${at}.enabled`, 'must be true or false');
  if (id === 'context-compression' && engine !== undefined && engine !== null && engine !== 'middle-out')
    return invalid(`${at}.engine`, 'must be middle-out');
  return { kind: 'entry', id, enabled: enabled !== false };
}

/** `["middle-out"]` switches compression on, an empty list switches it off. */
function readTransforms(transforms: unknown): boolean | null | Refusal {
  if (transforms === undefined) return null;
  if (!Array.isArray(transforms)) return invalid('transforms', 'must be an array');
  const strange = transforms.findIndex((name) => name !== 'middle-out');
  if (strange >= 0) {
    return refuse('unknown_plugin', {
      detail: `transforms[${strange}]: ${JSON.stringify(transforms[strange])?.slice(0, 100)}`,
      metadata: { param: `transforms[${strange}]`, known_transforms: ['middle-out'] },
    });
  }
  return transforms.length > 0;
}

const invalid = (param: string, problem: string) =>
  refuse('invalid_request', { message: `${param}: ${problem}`, metadata: { param } });
