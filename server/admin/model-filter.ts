import type { Femto } from '../pricing/money.ts';
import { type Endpoint, retainsNothing } from '../providers/registry.ts';
import type { EndpointStanding } from './endpoint-standing.ts';
import type { ModelQuery, Servers } from './model-query.ts';
import { modalitiesOf } from './models.ts';

/** What of the outside world a filter or an order asks about. */
export type Facts = {
  readonly servers: Servers;
  readonly standing: (endpointId: string) => EndpointStanding;
  readonly now: Date;
};

const DAY_S = 86_400;
/** 10⁻¹⁵ dollars a token are 10⁻⁹ dollars a million tokens. */
const perMillion = (femto: Femto) => Number(femto) / 1e9;

/** Filters that ask for what this daemon has no figures of: no model is known to pass them. */
const UNKNOWN_FIGURES = [
  'category',
  'distillable',
  'region',
  'min_intelligence_index',
  'max_intelligence_index',
  'min_coding_index',
  'max_coding_index',
  'min_agentic_index',
  'max_agentic_index',
  'min_tool_success_rate',
  'max_tool_success_rate',
] as const satisfies readonly (keyof ModelQuery)[];

/** Keeps the models that pass every filter, in the order asked for. What is not known of a model passes no filter on it. */
export function filterModels(models: readonly Endpoint[], query: ModelQuery, facts: Facts): readonly Endpoint[] {
  if (UNKNOWN_FIGURES.some((name) => query[name] !== undefined)) return [];
  const tests = testsOf(query, facts);
  const kept = tests.length === 0 ? models : models.filter((model) => tests.every((test) => test(model)));
  return sorted(kept, query.sort, facts);
}

type Test = (endpoint: Endpoint) => boolean;

function testsOf(query: ModelQuery, facts: Facts): readonly Test[] {
  const tests: Test[] = [];
  const when = <T>(value: T | undefined, test: (value: T) => Test) => {
    if (value !== undefined) tests.push(test(value));
  };
  const whenAny = (list: readonly string[], test: Test) => {
    if (list.length > 0) tests.push(test);
  };
  when(
    query.q?.trim().toLowerCase() || undefined,
    (text) =>
      ({ model }) =>
        `${model.id}\n${model.name}`.toLowerCase().includes(text),
  );
  whenAny(query.supported_parameters, ({ model }) =>
    query.supported_parameters.every((name) => model.supportedParameters.includes(name)),
  );
  whenAny(query.input_modalities, (one) =>
    query.input_modalities.every((name) => modalitiesOf(one).input.includes(name)),
  );
  // OpenRouter lists what writes text unless asked for more.
  const outputs = query.output_modalities.length > 0 ? query.output_modalities : ['text'];
  if (!outputs.includes('all')) tests.push((one) => modalitiesOf(one).output.some((name) => outputs.includes(name)));
  when(
    query.context,
    (least) =>
      ({ model }) =>
        (model.contextLength ?? 0) >= least,
  );
  const price =
    (of: (endpoint: Endpoint) => Femto | undefined, fits: (price: number) => boolean): Test =>
    (one) => {
      const femto = of(one);
      return femto !== undefined && fits(perMillion(femto));
    };
  const prompt = ({ model }: Endpoint) => model.price?.prompt;
  const completion = ({ model }: Endpoint) => model.price?.completion;
  when(query.min_price, (least) => price(prompt, (usd) => usd >= least));
  when(query.max_price, (most) => price(prompt, (usd) => usd <= most));
  when(query.min_output_price, (least) => price(completion, (usd) => usd >= least));
  when(query.max_output_price, (most) => price(completion, (usd) => usd <= most));
  when(
    query.arch?.toLowerCase() || undefined,
    (arch) =>
      ({ model }) =>
        model.listed?.tokenizer.toLowerCase() === arch,
  );
  whenAny(query.model_authors, ({ model }) => query.model_authors.includes(authorOf(model.id)));
  whenAny(query.providers, ({ model }) =>
    (facts.servers.get(model.id) ?? []).some((name) => query.providers.includes(name)),
  );
  if (query.zdr === 'true') tests.push(({ provider }) => retainsNothing(provider));
  const age = ({ model }: Endpoint) =>
    model.listed?.created ? (facts.now.getTime() / 1000 - model.listed.created) / DAY_S : null;
  when(query.min_age_days, (least) => (one) => (age(one) ?? Number.NEGATIVE_INFINITY) >= least);
  when(query.max_age_days, (most) => (one) => (age(one) ?? Number.POSITIVE_INFINITY) <= most);
  return tests;
}

const authorOf = (id: string) => id.slice(0, id.indexOf('/')).toLowerCase().replace(/^~/, '');

/** Stable, and what has no figure comes last. Popularity and benchmarks nobody here knows: those orders change nothing. */
function sorted(models: readonly Endpoint[], sort: ModelQuery['sort'], facts: Facts): readonly Endpoint[] {
  const figure = figureOf(sort, facts);
  if (!figure) return models;
  return models
    .map((endpoint) => ({ endpoint, at: figure(endpoint) }))
    .toSorted((a, b) => (a.at === null ? 1 : 0) - (b.at === null ? 1 : 0) || (a.at ?? 0) - (b.at ?? 0))
    .map(({ endpoint }) => endpoint);
}

/** What to sort by, the smallest first; null: not known. */
function figureOf(sort: ModelQuery['sort'], { standing }: Facts): ((endpoint: Endpoint) => number | null) | null {
  const negative = (value: number | null | undefined) => (value === null || value === undefined ? null : -value);
  const average = ({ model: { price } }: Endpoint) => (price ? perMillion(price.prompt + price.completion) / 2 : null);
  switch (sort) {
    case 'newest':
      return ({ model }) => negative(model.listed?.created || null);
    case 'pricing-low-to-high':
      return average;
    case 'pricing-high-to-low':
      return (one) => negative(average(one));
    case 'context-high-to-low':
      return ({ model }) => negative(model.contextLength);
    case 'throughput-high-to-low':
      return ({ id }) => negative(standing(id).throughput?.p50);
    case 'latency-low-to-high':
      return ({ id }) => standing(id).latency?.p50 ?? null;
    default:
      return null;
  }
}
