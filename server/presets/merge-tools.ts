/**
 * The union of a preset's tools and a request's: the preset's order is kept, the request's entry of the same identity takes its
 * place, and those only the request has follow. Of a preset's own doubles the first counts. Undefined when neither has a list; a request's value that is no list stands.
 */
export function mergeTools(request: unknown, preset: unknown): unknown {
  if (!Array.isArray(preset) || (request != null && !Array.isArray(request))) return request ?? preset ?? undefined;
  const own: readonly unknown[] = request ?? [];
  const byIdentity = new Map<string, number>();
  for (const [index, tool] of own.entries()) {
    const identity = toolIdentity(tool);
    if (identity !== null && !byIdentity.has(identity)) byIdentity.set(identity, index);
  }
  const seen = new Set<string>();
  const first = preset.flatMap((tool: unknown) => {
    const identity = toolIdentity(tool);
    if (identity === null) return [tool];
    if (seen.has(identity)) return [];
    seen.add(identity);
    const index = byIdentity.get(identity);
    return [index === undefined ? tool : own[index]];
  });
  const placed = new Set([...seen].map((identity) => byIdentity.get(identity)));
  return [...first, ...own.filter((_, index) => !placed.has(index))];
}

/** Server tools of which a request may hold several, told apart by `parameters.name`. */
const NAMED: ReadonlySet<unknown> = new Set(['openrouter:advisor', 'openrouter:subagent']);

/** A function tool is its name (in chat, responses or messages form), any other server tool its type. */
function toolIdentity(tool: unknown): string | null {
  const type = property(tool, 'type');
  const name = property(property(tool, 'function'), 'name') ?? property(tool, 'name');
  if (type === 'function' || type === 'custom' || type === undefined)
    return typeof name === 'string' ? `function ${name}` : null;
  if (typeof type !== 'string') return null;
  return NAMED.has(type) ? `${type} ${String(property(property(tool, 'parameters'), 'name') ?? '')}` : type;
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
