import { providerPreferences } from '../presets/schema-provider.ts';

/** OpenRouter's `provider` object, with every key of its table and no other: a mistyped one must not be taken for granted. */
export const preferencesSchema = providerPreferences;
