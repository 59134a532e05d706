import { type Refusal, refuse } from '../errors.ts';
import type { Source } from '../policy/effective-policy.ts';
import { type Denial, namesOf, sourceView } from './access.ts';
import type { LeftOut } from './eligible.ts';

/** What is put before the field that an endpoint's dialect has no words for. */
export const INEXPRESSIBLE = 'inexpressible: ';

/** Why no endpoint may serve a request: of all the reasons, the one that its caller can do most about. */
export function noRoute(
  models: readonly string[],
  left: readonly LeftOut[],
  denials: ReadonlyMap<string, Denial> | null = null,
): Refusal {
  const because = (test: (why: string) => boolean) => [
    ...new Set(left.filter((entry) => test(entry.why)).map((entry) => entry.provider)),
  ];
  const model = models.join(', ');
  const metadata = { requested_models: models, excluded: left };
  const [denied, ...also] = denials ? [...new Set(left.flatMap(({ why }) => denials.get(why) ?? []))] : [];
  if (denied) return deniedByPolicy(denied, model, metadata, also);
  if (because((why) => why === 'unpriced').length > 0) return refuse('unpriced_model', { detail: model, metadata });
  const unbounded = left.find(({ why }) => why.startsWith('unbounded: '));
  if (unbounded) {
    const why = unbounded.why.slice('unbounded: '.length);
    return refuse('unpriced_model', { message: `A limit cannot hold for ${model}: ${why}`, metadata });
  }
  const filtered = because((why) => why.startsWith('provider.'));
  if (filtered.length > 0) {
    const preferences = new Set(left.map((entry) => entry.why).filter((why) => why.startsWith('provider.')));
    return refuse('no_endpoints', {
      message: `No allowed providers are available for the selected model. Providers serving ${model}: ${filtered.join(', ')}, but the request's ${[...preferences].join(', ')} leaves none of them.`,
      metadata,
    });
  }
  const unsaid = left.find((entry) => entry.why.startsWith(INEXPRESSIBLE));
  if (unsaid) {
    const field = unsaid.why.slice(INEXPRESSIBLE.length);
    return refuse('invalid_request', {
      message: `${unsaid.provider} cannot be asked for ${field}, and nobody else here serves ${model}`,
      metadata: { ...metadata, field },
    });
  }
  const insisting = left.find(({ why }) => why.startsWith('byok.'));
  if (insisting) {
    return refuse('provider_key_missing', {
      message: `A key that insists on itself (${insisting.why}) lets nothing else serve ${model}, and no such key can be used for this call`,
      metadata: {
        ...metadata,
        remedy:
          'See `callgate byok list`, and is_required in config.yaml: rotate the key, widen what it may serve, or let it insist no more.',
      },
    });
  }
  const keyless = because((why) => why === 'no_key');
  if (keyless.length > 0) {
    return refuse('provider_key_missing', { detail: `${keyless.join(' or ')} serves ${model}`, metadata });
  }
  return refuse('invalid_model', { message: `${model} is not a valid model ID`, metadata });
}

/** Refused by what a layer says: which, by which rule, and what would pass; `also`: what would refuse when that is lifted. */
export function deniedByPolicy(
  denial: Denial,
  model: string,
  more: Readonly<Record<string, unknown>>,
  also: readonly Denial[] = [],
): Refusal {
  const { rule, sources, remedy } = denial;
  const metadata = {
    ...more,
    rule,
    ...layerFacts(sources),
    layers: sources.map(sourceView),
    ...(also.length > 0
      ? { also_refused_by: also.map((one) => ({ rule: one.rule, ...layerFacts(one.sources) })) }
      : {}),
    remedy,
  };
  if (rule.startsWith('modalities.')) {
    const modality = rule.slice('modalities.'.length);
    return refuse('modality_denied', {
      detail: `${modality}, by ${namesOf(sources)}. ${remedy}`,
      metadata: { ...metadata, modality },
    });
  }
  return refuse('no_allowed_endpoints', {
    message: `No endpoints available matching your guardrail restrictions and data policy for ${model}: ${rule} of ${namesOf(sources)} leaves none. ${remedy}`,
    metadata,
  });
}

function layerFacts([source]: readonly Source[]) {
  const name = source?.name ?? null;
  return {
    scope: source?.scope ?? null,
    guardrail_id: source?.guardrailId ?? null,
    guardrail_name: source?.guardrailId ? (/"(.*)"/s.exec(source.name)?.[1] ?? name) : null,
    layer: name,
  };
}
