import { isPresetSlug, SLUG_MAX } from './slug.ts';

/** Which text of a preset is meant: a published version by number or by hash, or the draft in the editor. */
export type PresetPin =
  | { readonly kind: 'version'; readonly version: number }
  | { readonly kind: 'hash'; readonly prefix: string }
  | { readonly kind: 'draft' };

/**
 * A preset as a request names it. `model`: what stands before `@preset/` and overrides the preset's own, with its variants
 * (`vendor/model:free`). `variant`: a routing variant after the reference (`nitro`), without the colon.
 */
export type PresetReference = {
  readonly slug: string;
  readonly model: string | null;
  readonly pin: PresetPin | null;
  readonly variant: string | null;
};

export type ReferenceResult =
  | { readonly kind: 'none' }
  | { readonly kind: 'reference'; readonly reference: PresetReference }
  | { readonly kind: 'invalid'; readonly message: string };

export const PRESET_MARK = '@preset/';
/** Variants that choose among a model's endpoints; those of the catalogue (`:free`) are models of their own and stand before the mark. */
export const ROUTING_VARIANTS: readonly string[] = ['nitro', 'floor', 'exacto'];
export const MODEL_MAX = 256;

/**
 * Reads a request's `model`: `@preset/slug`, `vendor/model:variant@preset/slug@pin:variant`. `none` when it names no preset.
 * The last `@preset/` counts, since a model's own name may hold an `@`.
 */
export function parsePresetReference(model: string): ReferenceResult {
  const mark = model.lastIndexOf(PRESET_MARK);
  if (mark < 0) return { kind: 'none' };
  const before = model.slice(0, mark);
  if (before.includes(PRESET_MARK)) return invalid(`${show(model)} names two presets; a call takes one.`);
  if (before !== '' && (before.length > MODEL_MAX || /\s/.test(before))) {
    return invalid(`${show(before)} before ${PRESET_MARK} is not a model's name.`);
  }
  return parseTail(model.slice(mark + PRESET_MARK.length), before === '' ? null : before);
}

/** Reads a request's `preset` field, and what the command line takes: `slug`, `slug@3`, `slug@<hash>`, with or without `@preset/`. */
export function parsePresetName(text: string): ReferenceResult {
  return parseTail(text.startsWith(PRESET_MARK) ? text.slice(PRESET_MARK.length) : text, null);
}

/** The model string that {@link parsePresetReference} reads back to the same reference. */
export function formatPresetReference({ slug, model, pin, variant }: PresetReference): string {
  return `${model ?? ''}${PRESET_MARK}${slug}${pin ? `@${formatPin(pin)}` : ''}${variant ? `:${variant}` : ''}`;
}

function formatPin(pin: PresetPin): string {
  if (pin.kind === 'version') return String(pin.version);
  return pin.kind === 'hash' ? pin.prefix : 'draft';
}

function parseTail(tail: string, model: string | null): ReferenceResult {
  const colon = tail.indexOf(':');
  const variant = colon < 0 ? null : tail.slice(colon + 1);
  const name = colon < 0 ? tail : tail.slice(0, colon);
  const at = name.indexOf('@');
  const slug = at < 0 ? name : name.slice(0, at);
  if (!isPresetSlug(slug)) {
    return invalid(
      `${show(slug)} is not a preset's name: lower-case letters and digits in words joined by single hyphens, at most ${SLUG_MAX} characters.`,
    );
  }
  if (variant !== null && !ROUTING_VARIANTS.includes(variant)) {
    const known = ROUTING_VARIANTS.map((name) => `:${name}`).join(', ');
    return invalid(
      `${show(`:${variant}`)} cannot stand after a preset: only the routing variants ${known} can; others belong to the model, before ${PRESET_MARK}.`,
    );
  }
  if (at < 0) return { kind: 'reference', reference: { slug, model, pin: null, variant } };
  const pin = parsePin(name.slice(at + 1));
  return typeof pin === 'string' ? invalid(pin) : { kind: 'reference', reference: { slug, model, pin, variant } };
}

/** The pin, or what is wrong with it. */
function parsePin(text: string): PresetPin | string {
  if (text === 'draft') return { kind: 'draft' };
  if (/^[1-9]\d{0,8}$/.test(text)) return { kind: 'version', version: Number(text) };
  if (/^\d*$/.test(text)) return `${show(`@${text}`)} is not a version: versions are 1, 2, 3 and so on.`;
  if (/^[0-9a-f]{7,64}$/.test(text)) return { kind: 'hash', prefix: text };
  return `${show(`@${text}`)} is not a pin: give a version number, at least 7 lower-case hex digits of a version's hash, or draft.`;
}

function invalid(message: string): ReferenceResult {
  return { kind: 'invalid', message };
}

/** Quoted, and short enough for a message: what a caller sends may be of any length. */
function show(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

/** A reference in a longer text; offsets in UTF-16 units, the end exclusive. */
export type FoundReference = { readonly start: number; readonly end: number; readonly reference: PresetReference };

const MODEL = /^[\w~@][\w.~@+-]*(?:\/[\w.~@+-]+)*(?::[\w-]+)*$/;
/** No reference ends where a word, a path or a template's hole goes on: `@preset/a${b}` names something else. */
const TAIL = /([a-z0-9]+(?:-[a-z0-9]+)*)(@[a-z0-9]+)?(:[a-z]+)?(?![\w/@${%-]|:\w)/y;

/**
 * Every well-formed preset reference in a text of any language, with its model, pin and variant.
 * Time is linear in the text.
 */
export function findPresetReferences(text: string): readonly FoundReference[] {
  const found: FoundReference[] = [];
  let free = 0;
  for (let mark = text.indexOf(PRESET_MARK); mark >= 0; mark = text.indexOf(PRESET_MARK, mark + PRESET_MARK.length)) {
    TAIL.lastIndex = mark + PRESET_MARK.length;
    const tail = TAIL.exec(text);
    if (!tail) continue;
    const end = TAIL.lastIndex;
    const start = modelStart(text, mark, free);
    if (start < 0) continue;
    const result = parsePresetReference(text.slice(start, end));
    if (result.kind !== 'reference') continue;
    found.push({ start, end, reference: result.reference });
    free = end;
  }
  return found;
}

/** Where the model before the mark begins; the mark itself when none does (`=`, `https://host/`); −1 behind another reference. */
function modelStart(text: string, mark: number, free: number): number {
  const earliest = Math.max(free, mark - MODEL_MAX - 1);
  let start = mark;
  while (start > earliest && /[\w.~@+/:-]/.test(text.charAt(start - 1))) start--;
  const model = text.slice(start, mark);
  if (model.includes(PRESET_MARK)) return -1;
  return model.length <= MODEL_MAX && MODEL.test(model) ? start : mark;
}
