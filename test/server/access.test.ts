import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accessDenial } from '../../server/engine/access.ts';
import { behindRouter, commonNames, requestBehind } from '../../server/engine/behind-router.ts';
import { regionOf, zdrGroupsBehind } from '../../server/engine/data-rules.ts';
import { askedModalities, madeOf, toolModalities } from '../../server/engine/modalities.ts';
import type { AccessRules, Source, ZdrGroup } from '../../server/policy/effective-policy.ts';
import type { CatalogueModel } from '../../server/pricing/catalogue.ts';
import { outputModalities } from '../../server/pricing/output-modalities.ts';
import { builtInProviders } from '../../server/providers/built-in.ts';
import type { Endpoint } from '../../server/providers/registry.ts';
import { means } from '../../server/routing/slugs.ts';

const by: Source = { scope: 'organization', guardrailId: null, name: 'organization "default"' };
const sourced = <T>(value: T) => ({ value, sources: [by] });
const NONE: AccessRules = {
  allowedProviders: [],
  ignoredProviders: [],
  allowedModels: [],
  ignoredModels: [],
  zdr: [],
  noPaidTraining: null,
  noFreeTraining: null,
  noFreePublication: null,
  regions: [],
};

const price = { prompt: 1n, completion: 1n, request: 0n } as CatalogueModel['price'];

function endpoint(
  slug: string,
  id: string,
  more: { provider?: Partial<Endpoint['provider']>; model?: Partial<CatalogueModel> } = {},
): Endpoint {
  const model = { id, native: id.slice(id.indexOf('/') + 1), price, ...more.model } as CatalogueModel;
  const models = [model];
  const provider = {
    slug,
    name: slug,
    isRouter: slug === 'openrouter',
    baseUrl: () => `https://api.${slug}.com/v1`,
    priceProvider: null,
    models: () => models,
    ...more.provider,
  } as Endpoint['provider'];
  return { id: `${slug}:${id}`, provider, model };
}

const isHere = () => false;
const ruleOf = (one: Endpoint, rules: Partial<AccessRules>, request = {}) =>
  accessDenial(one, request, { access: { ...NONE, ...rules }, modalities: null }, isHere)?.rule ?? null;
const zdr = (...groups: ZdrGroup[]) => ({ zdr: groups.map(sourced) });

describe('zero data retention by group', () => {
  it('leaves out first-party endpoints of the group that have not promised it; clouds stay', () => {
    expect(ruleOf(endpoint('anthropic', 'anthropic/claude'), zdr('anthropic'))).toBe('enforce_zdr_anthropic');
    expect(ruleOf(endpoint('google-ai-studio', 'google/gemini'), zdr('google'))).toBe('enforce_zdr_google');
    expect(ruleOf(endpoint('xai', 'x-ai/grok'), zdr('xai'))).toBe('enforce_zdr_xai');
    expect(ruleOf(endpoint('anthropic', 'anthropic/claude'), zdr('openai', 'other'))).toBeNull();
    for (const cloud of ['amazon-bedrock', 'google-vertex', 'azure'])
      expect(
        ruleOf(endpoint(cloud, 'anthropic/claude'), zdr('anthropic', 'openai', 'google', 'xai', 'other')),
      ).toBeNull();
    expect(ruleOf(endpoint('groq', 'openai/gpt-oss-120b'), zdr('openai'))).toBeNull();
    expect(ruleOf(endpoint('groq', 'openai/gpt-oss-120b'), zdr('other'))).toBe('enforce_zdr_other');
  });

  it('knows a first party by its address, too, whatever config.yaml calls it', () => {
    const at = (baseUrl: string) => endpoint('ours', 'ours/m', { provider: { baseUrl: () => baseUrl } });
    const every = zdr('anthropic', 'openai', 'google', 'xai');
    expect(ruleOf(at('https://api.openai.com/v1'), every)).toBe('enforce_zdr_openai');
    expect(ruleOf(at('https://eu.api.openai.com/v1'), every)).toBe('enforce_zdr_openai');
    expect(ruleOf(at('https://api.anthropic.com/v1'), every)).toBe('enforce_zdr_anthropic');
    expect(ruleOf(at('https://generativelanguage.googleapis.com/v1beta/openai'), every)).toBe('enforce_zdr_google');
    expect(ruleOf(at('https://api.x.ai/v1'), every)).toBe('enforce_zdr_xai');
    expect(ruleOf(at('https://notapi.openai.com.example/v1'), every)).toBeNull();
    expect(ruleOf(at('https://notapi.openai.com.example/v1'), zdr('other'))).toBe('enforce_zdr_other');
  });

  it('keeps what is promised, and what runs on this machine', () => {
    const promised = { provider: { dataPolicy: { zdr: true, noTraining: true } } };
    expect(ruleOf(endpoint('openai', 'openai/gpt', promised), zdr('openai'))).toBeNull();
    const local = { provider: { baseUrl: () => 'http://127.0.0.1:11434/v1' } };
    expect(ruleOf(endpoint('ollama', 'ollama/llama', local), zdr('other'))).toBeNull();
  });

  it('is asked of a router where an endpoint of the group may be behind it', () => {
    const told = (id: string, ...groups: ZdrGroup[]) =>
      behindRouter(endpoint('openrouter', id), {}, { access: { ...NONE, ...zdr(...groups) }, modalities: null }, isHere)
        .zdr;
    expect(told('anthropic/claude', 'anthropic')).toBe(true);
    expect(told('anthropic/claude', 'other')).toBe(false);
    expect(told('openai/gpt-oss-120b', 'other')).toBe(true);
    expect(told('meta-llama/llama', 'anthropic')).toBe(false);
    expect(told('meta-llama/llama', 'other')).toBe(true);
    expect(told('openrouter/auto', 'xai')).toBe(true);
    expect(zdrGroupsBehind('~anthropic/claude-latest')).toBeNull();
  });
});

describe('training and publication', () => {
  const free = { model: { id: 'a/b:free' } };
  const flag = sourced(true as const);

  it('paid and free models each have their own rule', () => {
    expect(ruleOf(endpoint('groq', 'a/b'), { noPaidTraining: flag })).toBe('enable_paid_model_training');
    expect(ruleOf(endpoint('groq', 'a/b'), { noFreeTraining: flag, noFreePublication: flag })).toBeNull();
    expect(ruleOf(endpoint('groq', 'a/b:free', free), { noPaidTraining: flag })).toBeNull();
    expect(ruleOf(endpoint('groq', 'a/b:free', free), { noFreeTraining: flag })).toBe('enable_free_model_training');
    expect(ruleOf(endpoint('groq', 'a/b:free', free), { noFreePublication: flag })).toBe(
      'enable_free_model_publication',
    );
    const promised = { provider: { dataPolicy: { zdr: false, noTraining: true } } };
    expect(ruleOf(endpoint('groq', 'a/b', promised), { noPaidTraining: flag })).toBeNull();
  });
});

describe('regions', () => {
  it.each([
    ['https://eu.openrouter.ai/api/v1', 'europe'],
    ['https://europe-west1-aiplatform.googleapis.com/v1', 'europe'],
    ['https://bedrock-runtime.eu-central-1.amazonaws.com', 'europe'],
    ['https://bedrock-runtime.us-east-1.amazonaws.com', 'us'],
    ['https://us-east5-aiplatform.googleapis.com', 'us'],
    ['https://api.deutsche-bus.com/v1', 'global'],
    ['https://api.openai.com/v1', 'global'],
    ['http://localhost:8080/v1', null],
  ])('%s is in %s', (url, region) => {
    expect(regionOf(endpoint('one', 'a/b', { provider: { baseUrl: () => url } }))).toBe(region);
  });

  it('leave out what takes requests in elsewhere', () => {
    const regions = { regions: [sourced(new Set(['europe', 'us'] as const)), sourced(new Set(['europe'] as const))] };
    const at = (url: string) => ruleOf(endpoint('one', 'a/b', { provider: { baseUrl: () => url } }), regions);
    expect(at('https://eu.example.com')).toBeNull();
    expect(at('https://us.example.com')).toBe('allowed_data_regions');
    expect(at('https://example.com')).toBe('allowed_data_regions');
    expect(at('http://127.0.0.1:1')).toBeNull();
  });
});

describe('a model’s names', () => {
  const ignored = (one: Endpoint, ...names: string[]) => ruleOf(one, { ignoredModels: [sourced(new Set(names))] });
  const allowed = (one: Endpoint, ...names: string[]) => ruleOf(one, { allowedModels: [sourced(new Set(names))] });

  it('an ignored one is ignored under every name by which its provider would serve it', () => {
    const anthropic = builtInProviders().find(({ slug }) => slug === 'anthropic');
    if (!anthropic) throw new Error('there is no such provider');
    const known = anthropic.models().find(({ native }) => /^claude-.*\d$/.test(native));
    if (!known) throw new Error('it lists no such model');
    const byNative = { ...known, id: `anthropic/${known.native}` } as CatalogueModel;
    const dated = { ...known, id: 'anthropic/dated', native: `${known.native}-20250929` } as CatalogueModel;
    for (const model of [known, byNative, dated])
      expect(ignored({ id: model.id, provider: anthropic, model }, known.id), model.id).toBe('ignored_models');
  });

  it('variants count as the model, a canonical name as the id; a longer name is another model', () => {
    const listed = { canonicalSlug: 'a/b-2025-01-01' } as CatalogueModel['listed'] & object;
    const variant = endpoint('one', 'a/b:free', { model: { listed } });
    expect(ignored(variant, 'a/b')).toBe('ignored_models');
    expect(ignored(variant, 'A/B-2025-01-01')).toBe('ignored_models');
    expect(allowed(variant, 'a/b')).toBeNull();
    const other = { ...variant.model, id: 'a/b', native: 'a/b', listed } as CatalogueModel;
    const router = endpoint('openrouter', 'a/b-2025-01-01', {
      provider: { models: () => [other] },
      model: { native: 'a/b-2025-01-01' },
    });
    expect(ignored(router, 'a/b')).toBe('ignored_models');
    expect(allowed(endpoint('one', 'a/b-large'), 'a/b')).toBe('allowed_models');
    expect(ignored(endpoint('one', 'a/b-large'), 'a/b')).toBeNull();
  });
});

describe('what a router is told', () => {
  const slugs = fc.subarray([
    'azure',
    'google-vertex',
    'google-vertex/us-east5',
    'together',
    'novita',
    'deepinfra/turbo',
    'deepinfra',
  ]);

  it('never names a provider that a layer does not allow, whatever the request wishes', () => {
    fc.assert(
      fc.property(slugs, slugs, fc.option(slugs), fc.option(slugs), (one, other, only, order) => {
        const access = { ...NONE, allowedProviders: [sourced(new Set(one)), sourced(new Set(other))] };
        const router = endpoint('openrouter', 'a/b');
        const request = { provider: { ...(only ? { only } : {}), ...(order ? { order } : {}) } };
        const behind = behindRouter(router, request, { access, modalities: null }, isHere);
        const { provider } = requestBehind(router, request, behind, isHere) as {
          provider: { only: readonly string[] };
        };
        for (const name of provider.only) {
          for (const list of [one, other, ...(only ? [only] : [])])
            expect(list.some((allowed) => means(allowed, { tag: name, name }))).toBe(true);
        }
        const isDenied = accessDenial(router, request, { access, modalities: null }, isHere) !== null;
        expect(isDenied).toBe(provider.only.length === 0);
      }),
    );
  });

  it('names have the narrower one in common', () => {
    expect(commonNames(['Google Vertex', 'azure'], ['google-vertex/us-east5', 'openai'])).toEqual([
      'google-vertex/us-east5',
    ]);
    expect(commonNames(['google-vertex'], ['google-vertex/flex'])).toEqual([]);
  });

  it('of a request that says nothing under no rule, nothing', () => {
    const request = { model: 'a/b' };
    const router = endpoint('openrouter', 'a/b');
    const behind = behindRouter(router, request, { access: NONE, modalities: null }, isHere);
    expect(requestBehind(router, request, behind, isHere)).toBe(request);
  });
});

describe('what is made', () => {
  it.each([
    ['openai/gpt-image-1', 'image'],
    ['google/imagen-4', 'image'],
    ['black-forest-labs/flux.2-pro', 'image'],
    ['google/veo-3.1', 'video'],
    ['openai/sora-2', 'video'],
    ['openai/gpt-4o-mini-tts', 'audio'],
    ['openai/gpt-4o-audio-preview', 'audio'],
  ])('%s makes %s by its name, where nobody has listed it', (id, modality) => {
    expect(outputModalities(endpoint('one', id).model)).toContain(modality);
  });

  it.each(['openai/gpt-4o', 'a/influx-7b', 'a/imagine', 'meta/video-understanding', 'a/veoretic'])(
    '%s makes text',
    (id) => {
      expect(outputModalities(endpoint('one', id).model)).toEqual(['text']);
    },
  );

  it('is asked for in any spelling, and made by whatever may make it', () => {
    expect([...askedModalities({ modalities: ['TEXT', 'IMAGE'] })]).toEqual(['image']);
    // A permit asks for the same as a rule forbids.
    expect(madeOf({}, [endpoint('one', 'google/imagen-4')])).toEqual(['image']);
    expect(madeOf({ tools: [{ type: 'openrouter:speech_generation' }] }, [])).toEqual(['audio']);
    expect(madeOf({ modalities: ['text'] }, [endpoint('one', 'openai/gpt-4o')])).toEqual([]);
  });

  it('tools that make something are told by their type, a function by none', () => {
    const made = (...tools: unknown[]) => [...toolModalities({ tools })];
    expect(made({ type: 'openrouter:image_generation' }, { type: 'image_generation' })).toEqual(['image']);
    expect(made({ type: 'openrouter:video_generation' })).toEqual(['video']);
    expect(
      made({ type: 'openrouter:web_search' }, { type: 'function', function: { name: 'image_generation' } }),
    ).toEqual([]);
    expect(made({}, { type: 7 })).toEqual([]);
  });
});
