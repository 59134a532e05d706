import { isJsonObject, type Json } from './json.ts';

/**
 * A copy of `root` with the value at `path` set, or removed when it is undefined: then maps and lists left empty go as well, and
 * undefined comes back when nothing is left. What stands in the way of a set path is replaced by a map.
 */
export function setAt(root: Json | undefined, path: readonly string[], value: Json | undefined): Json | undefined {
  const [head, ...rest] = path;
  if (head === undefined) return value;
  if (Array.isArray(root) && /^\d+$/.test(head)) {
    const index = Math.min(Number(head), root.length);
    const child = setAt(root[index], rest, value);
    if (child !== undefined) return root.toSpliced(index, 1, child);
    return index < root.length && root.length === 1 ? undefined : root.toSpliced(index, 1);
  }
  const fields = isJsonObject(root) ? root : {};
  const own = Object.hasOwn(fields, head) ? fields[head] : undefined;
  const child = setAt(own, rest, value);
  if (child !== undefined) {
    const entries = Object.entries(fields).map(([key, other]) => [key, key === head ? child : other]);
    return Object.fromEntries(Object.hasOwn(fields, head) ? entries : [...entries, [head, child]]);
  }
  if (own === undefined) return root;
  const left = Object.entries(fields).filter(([key]) => key !== head);
  return left.length > 0 ? Object.fromEntries(left) : undefined;
}
