import { readYaml } from '../../presets/yaml-source.ts';

/** What a field of callgate.yaml names: the section that lists it, and the field there that says its name. */
const NAMED: ReadonlyMap<string, readonly [section: string, field: string]> = new Map([
  ['workspace', ['workspaces', 'slug']],
  ['organization', ['organizations', 'slug']],
  ['guardrail', ['guardrails', 'name']],
  ['key', ['keys', 'name']],
  ['creator_user_id', ['members', 'id']],
  ['members', ['members', 'id']],
]);

/** The names that a field may have, as the rest of the file lists them; none while the file cannot be read. */
export function namesInFile(text: string, field: string): readonly string[] {
  const [section, name] = NAMED.get(field) ?? [];
  if (section === undefined || name === undefined) return [];
  const { value, syntax } = readYaml(text);
  if (syntax.length > 0 || typeof value !== 'object' || value === null) return [];
  const items = (value as Readonly<Record<string, unknown>>)[section];
  if (!Array.isArray(items)) return [];
  const found = items.flatMap((item: unknown) => {
    const named = typeof item === 'object' && item !== null ? (item as Record<string, unknown>)[name] : null;
    return typeof named === 'string' && named !== '' ? [named] : [];
  });
  return [...new Set(found)];
}
