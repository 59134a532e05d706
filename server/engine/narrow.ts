import type { Refusal } from '../errors.ts';
import type { EffectivePolicy } from '../policy/effective-policy.ts';
import type { Providers } from '../providers/registry.ts';
import { accessDenial, type Denial, sourceView, whyDenied } from './access.ts';
import type { Asked } from './asked.ts';
import { admittedKeys } from './declared-zdr.ts';
import type { Eligible, LeftOut } from './eligible.ts';
import { callerOf, isCallableHere } from './here.ts';
import { noRoute } from './no-route.ts';

/**
 * Of where a call was to go, what a policy that has changed while it waited still lets it. What was reserved is enough for that: it is a
 * part of what was bounded.
 */
export function narrowed(
  eligible: Eligible,
  { key, request }: Pick<Asked, 'key' | 'request'>,
  policy: EffectivePolicy,
  providers: Providers,
): Eligible | Refusal {
  if (policy.access === null && policy.modalities === null) return eligible;
  const caller = callerOf(key);
  const isHere = (name: string) => isCallableHere(name, providers, caller);
  const denials = new Map<string, Denial>();
  const left: LeftOut[] = [...eligible.left];
  const routes = eligible.routes.flatMap(({ model, endpoints }) => {
    const kept = endpoints.flatMap((one) => {
      const { endpoint, why } = admittedKeys(one, (judged) => {
        const denial = accessDenial(judged, request, policy, isHere);
        if (!denial) return null;
        denials.set(whyDenied(denial), denial);
        return whyDenied(denial);
      });
      if (why === null) return [endpoint];
      const layers = denials.get(why)?.sources.map(sourceView) ?? [];
      left.push({ model, provider: endpoint.provider.slug, why, layers });
      return [];
    });
    return kept.length > 0 ? [{ model, endpoints: kept }] : [];
  });
  if (routes.length > 0) return { ...eligible, routes, left };
  return noRoute(
    eligible.routes.map(({ model }) => model),
    left,
    denials,
  );
}
