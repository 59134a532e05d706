import { type CatalogueModel, USUAL_PARAMETERS } from '../pricing/catalogue.ts';
import { factsOf } from './anthropic/model-facts.ts';
import { claudeParameters } from './anthropic/parameters.ts';
import { geminiFacts } from './google/model-facts.ts';
import { geminiParameters } from './google/parameters.ts';
import type { Provider } from './provider.ts';

type Defaults = Pick<CatalogueModel, 'supportedParameters' | 'maxCompletionTokens'>;

/** What a model takes and gives where nothing better is known of it than its provider and its name there. */
export function modelDefaults({ dialect, wire }: Pick<Provider, 'dialect' | 'wire'>, native: string): Defaults {
  if (dialect === 'anthropic') {
    return { supportedParameters: claudeParameters(native), maxCompletionTokens: factsOf(native).maxTokens };
  }
  if (dialect === 'google') {
    return { supportedParameters: geminiParameters(native), maxCompletionTokens: geminiFacts(native).maxTokens };
  }
  if (!wire) return { supportedParameters: USUAL_PARAMETERS, maxCompletionTokens: null };
  const refused = wire.dropsFor(native);
  return { supportedParameters: wire.takes.filter((name) => !refused.includes(name)), maxCompletionTokens: null };
}
