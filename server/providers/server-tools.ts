import type { CanonicalRequest } from './dialect.ts';

/**
 * The first tool that only a router runs, by its place and type; null: there is none. `knowsVendor`: what the provider takes is known, and
 * a search of the web is none of it; others may have one of their own by that name.
 */
export function routersTool({ tools }: CanonicalRequest, knowsVendor: boolean): string | null {
  if (!Array.isArray(tools)) return null;
  for (const [index, tool] of tools.entries()) {
    const type: unknown = typeof tool === 'object' && tool !== null ? tool.type : null;
    if (typeof type !== 'string') continue;
    if (type.startsWith('openrouter:') || (knowsVendor && type.startsWith('web_search')))
      return `tools[${index}] (${type.slice(0, 60)})`;
  }
  return null;
}
