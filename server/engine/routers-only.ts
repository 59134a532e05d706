import { type Refusal, refuse } from '../errors.ts';
import type { Plugins } from '../plugins/read-plugins.ts';
import { type Eligible, modelsOf } from './eligible.ts';
import type { JsonObject } from './resolve-preset.ts';

/** Leaves only the routers when a plugin is asked for that nobody else runs; refuses, by its name, when there is none. */
export function routersOnly(eligible: Eligible, { routerOnly }: Plugins, request: JsonObject): Eligible | Refusal {
  if (routerOnly.length === 0) return eligible;
  const why = `plugins.${routerOnly.join(',')}`;
  const left = [...eligible.left];
  const routes = eligible.routes.flatMap((route) => {
    const endpoints = route.endpoints.filter(({ provider }) => {
      if (!provider.isRouter) left.push({ model: route.model, provider: provider.slug, why });
      return provider.isRouter;
    });
    return endpoints.length > 0 ? [{ ...route, endpoints }] : [];
  });
  if (routes.length > 0) return { ...eligible, routes, left };
  return refuse('plugin_unavailable', {
    detail: `${routerOnly.join(', ')} for ${modelsOf(request).join(', ')}`,
    metadata: { plugins: routerOnly, excluded: left },
  });
}
