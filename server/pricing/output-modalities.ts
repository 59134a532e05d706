import type { CatalogueModel } from './catalogue.ts';

/** Names under which vendors make something other than text, for models of which no listing says so. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [
    /(?:^|[/-])(?:imagen|dall-e|gpt-image|stable-diffusion|flux|seedream|recraft|ideogram)(?:[-.\d]|$)|-image(?:[-:]|$)/,
    'image',
  ],
  [/(?:^|[/-])(?:veo|sora|kling|seedance|wan-video)(?:[-.\d]|$)|-video(?:[-:]|$)/, 'video'],
  [/(?:^|[/-])(?:tts|lyria)(?:[-.\d]|$)|-(?:audio|speech)(?:[-:]|$)/, 'audio'],
];

const known = new WeakMap<CatalogueModel, readonly string[]>();

/** What a model gives; where no listing says, text, what its price has a word for, and what its name says. */
export function outputModalities(model: CatalogueModel): readonly string[] {
  const { listed } = model;
  if (listed && listed.outputModalities.length > 0) return listed.outputModalities;
  let outputs = known.get(model);
  if (!outputs) {
    const { price } = model;
    const made = new Set(['text']);
    if (typeof price?.imageOutput === 'bigint') made.add('image');
    if (typeof price?.audioOutput === 'bigint') made.add('audio');
    for (const name of [model.id.toLowerCase(), model.native.toLowerCase()])
      for (const [pattern, modality] of NAMES) if (pattern.test(name)) made.add(modality);
    outputs = [...made];
    known.set(model, outputs);
  }
  return outputs;
}
