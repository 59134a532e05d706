/** What is asked of whom: the same conversation, whether the settings stand in the request or in a published preset. */
import { type ApiKey, type Callgate, MODELS } from './callgate.mts';
import type { Request } from './load.mts';

const PATH = '/chat/completions';
const SYSTEM = 'You are a helpful coding assistant.';
const SETTINGS = { max_tokens: 64, temperature: 0.2 };
const asked = { role: 'user', content: 'Say hello to the user in one short sentence, please.' };

function bodyOf(model: string, streamed: boolean): string {
  const messages = [{ role: 'system', content: SYSTEM }, asked];
  return JSON.stringify({ model, messages, ...SETTINGS, ...(streamed ? { stream: true } : {}) });
}

/** The preset that a model is called by: what `bodyOf` says in the request, published. */
const presetOf = (native: string) => `bench-${native}`;

/** Publishes one preset for each model. */
export async function publishPresets(callgate: Callgate): Promise<void> {
  const settings = Object.entries(SETTINGS).map(([name, value]) => `${name}: ${value}`);
  for (const [native, model] of Object.entries(MODELS)) {
    const front = ['---', `model: ${model}`, ...settings, '---'];
    await callgate.publish(presetOf(native), `${front.join('\n')}\n\n${SYSTEM}\n`);
  }
}

/** Asks an upstream, or a proxy that changes nothing. */
export const bare = (origin: string, native: string, streamed: boolean): Request => ({
  url: `${origin}/v1${PATH}`,
  key: '',
  body: bodyOf(native, streamed),
});

/** Asks Callgate for a model. */
export const through = ({ url }: Callgate, key: ApiKey, native: string, streamed: boolean): Request => ({
  url: `${url}/api/v1${PATH}`,
  key: key.secret,
  body: bodyOf(MODELS[native] ?? native, streamed),
});

/** Asks Callgate for a preset; model, settings and system prompt are the preset's. */
export const throughPreset = ({ url }: Callgate, key: ApiKey, native: string, streamed: boolean): Request => ({
  url: `${url}/api/v1${PATH}`,
  key: key.secret,
  body: JSON.stringify({
    model: `@preset/${presetOf(native)}`,
    messages: [asked],
    ...(streamed ? { stream: true } : {}),
  }),
});
