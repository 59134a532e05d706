import { equalJson, isJsonObject, type Json } from '../../presets/json.ts';
import type { Item, Kind } from './kind.ts';

/** One field that changes. `before` absent: it was not there, `after` absent: it is no more. */
export type FieldChange = { readonly field: string; readonly before?: Json; readonly after?: Json };

export type Difference = {
  readonly changes: readonly FieldChange[];
  /** What differs, as the kind's `update` takes it. */
  readonly item: Item;
};

/** What of the fields that `wanted` names is otherwise in `present`. */
export function differenceOf(kind: Kind, present: Item, wanted: Item): Difference {
  const changes: FieldChange[] = [];
  const item: Record<string, Json> = {};
  for (const [field, after] of Object.entries(wanted)) {
    const before = present[field] ?? null;
    if (kind.merged.includes(field) && isJsonObject(after)) {
      const inner = Object.entries(after).filter(
        ([name, value]) =>
          kind.isSecret?.(value) !== true && !isSame(isJsonObject(before) ? (before[name] ?? null) : null, value),
      );
      if (inner.length > 0) item[field] = Object.fromEntries(inner);
      for (const [name, value] of inner) {
        changes.push({
          field: `${field}.${name}`,
          before: isJsonObject(before) ? (before[name] ?? null) : null,
          after: value,
        });
      }
    } else if (!isSame(before, after)) {
      item[field] = after;
      changes.push({ field, before, after });
    }
  }
  return { changes, item };
}

/** Equal as policy: the order of names in a list does not count. */
function isSame(a: Json, b: Json): boolean {
  return equalJson(sorted(a), sorted(b));
}

function sorted(value: Json): Json {
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? [...new Set(value)].toSorted() : value;
}
