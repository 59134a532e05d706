import type { Endpoint } from '../providers/registry.ts';
import type { JsonObject } from './resolve-preset.ts';

const MADE: readonly string[] = ['image', 'audio', 'video'];

/** What a request would have made besides text: by what it asks for, by its tools, and by models that make nothing else. */
export function madeOf(request: JsonObject, endpoints: readonly Endpoint[]): readonly string[] {
  const made = new Set<string>();
  const asked = request['modalities'];
  if (Array.isArray(asked)) for (const one of asked) made.add(String(one).toLowerCase());
  if (typeof request['audio'] === 'object' && request['audio'] !== null) made.add('audio');
  const tools = request['tools'];
  if (Array.isArray(tools))
    for (const tool of tools) if (String(tool?.type).includes('image_generation')) made.add('image');
  for (const { model } of endpoints) {
    const output = model.listed?.outputModalities ?? [];
    // One that also writes text makes pictures only when it is asked to.
    if (output.length > 0 && !output.includes('text')) for (const one of output) made.add(one);
  }
  return MADE.filter((one) => made.has(one));
}
