import { createHash } from 'node:crypto';
import { promptOrNull } from './front-matter.ts';
import type { PresetConfig } from './schema.ts';

/**
 * A version's identity: SHA-256, in 64 hex digits, of its config and system prompt as JSON with sorted keys (`undefined` is
 * left out, as in JSON). Comments, quoting and the order of fields make no difference; the name and description are not part of it.
 */
export function presetHash(version: {
  readonly config: PresetConfig | Readonly<Record<string, unknown>>;
  readonly systemPrompt: string | null;
}): string {
  const canonical = canonicalJson({ config: version.config, system_prompt: promptOrNull(version.systemPrompt) });
  return createHash('sha256').update(canonical).digest('hex');
}

/**
 * What tools print behind `@`: the shortest prefix of a hash, from 7 digits, with a letter among them, since digits alone are a
 * version number. A hash of digits alone (one in 10¹³) comes back whole, and cannot be pinned.
 */
export function pinPrefix(hash: string): string {
  const letter = hash.search(/[a-f]/);
  return letter < 0 ? hash : hash.slice(0, Math.max(7, letter + 1));
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? // fromEntries, not assignment: a key `__proto__` is data here.
        Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
