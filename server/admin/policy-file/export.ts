import { identityOf } from '../../policy-file/schema.ts';
import { equalJson, isJsonObject, type Json } from '../../presets/json.ts';
import { renderYaml } from '../../presets/yaml-render.ts';
import type { Item, Kind, Present } from './kind.ts';
import type { PolicyParts } from './kinds.ts';

const HEADER = `# What this daemon's policy is. callgate plan shows what an edit of it would change, callgate apply does it.
# What is not in the file is left alone, unless it says prune: true. Secrets are never in it.
`;

/** The present state as callgate.yaml; planning it changes nothing. */
export async function exportPolicy({ admin, kinds }: PolicyParts): Promise<string> {
  const sections: Record<string, Json> = {};
  for (const kind of kinds) {
    const present = await kind.read(admin);
    const items = present.filter(({ isImplied }) => isImplied !== true).map((one) => itemOf(kind, one, present));
    if (items.length > 0) sections[kind.section] = items;
  }
  return HEADER + renderYaml(sections);
}

/** What says which one it is comes first, all else as it is read. */
const FIRST = ['slug', 'name', 'workspace', 'organization', 'id'];
const placeOf = (field: string) => (FIRST.includes(field) ? FIRST.indexOf(field) : FIRST.length);

/** Without what a new one has anyway; with its id where the name is not enough. */
function itemOf(kind: Kind, { id, item }: Present, all: readonly Present[]): Item {
  const identity = identityOf(kind.section, item);
  const isAmbiguous = all.filter((one) => identityOf(kind.section, one.item) === identity).length > 1;
  const entries = Object.entries(item).flatMap(([field, value]): [string, Json][] => {
    const rest =
      kind.merged.includes(field) && isJsonObject(value) ? withoutDefaults(value, kind.defaults[field]) : value;
    if (rest === null && kind.defaults[field] === undefined) return [];
    return equalJson(rest, kind.defaults[field]) || equalJson(rest, {}) ? [] : [[field, rest]];
  });
  const named = isAmbiguous && kind.section !== 'members' ? [...entries, ['id', id] as [string, Json]] : entries;
  return Object.fromEntries(named.toSorted(([a], [b]) => placeOf(a) - placeOf(b)));
}

/** Null is what is not set. */
function withoutDefaults(value: Item, defaults: Json | undefined): Item {
  return Object.fromEntries(
    Object.entries(value).filter(([name, inner]) => {
      const usual = isJsonObject(defaults) ? defaults[name] : undefined;
      return usual === undefined ? inner !== null && !equalJson(inner, []) : !equalJson(inner, usual);
    }),
  );
}
