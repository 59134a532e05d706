import type { Document, Node, ParsedNode } from 'yaml';
import { isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { Json } from './json.ts';
import type { Finding } from './problem.ts';

export type YamlSource = {
  readonly document: Document.Parsed;
  /** The value; null stands where one is not JSON, and an empty front matter is an empty object. */
  readonly value: Json;
  /** Errors of syntax: with any, neither value nor nodes can be relied on. */
  readonly syntax: readonly Finding[];
  /** What YAML allows and a preset does not, with offsets into `yaml`. */
  readonly findings: readonly Finding[];
};

type Path = readonly (string | number)[];

/** Far more than a preset with large tool schemas has; a limit on what a stranger's file can make us do. */
const LONGEST = 512 * 1024;
const DEEPEST = 64;

/**
 * Reads front matter, opening fence included, as YAML 1.2 that is no more than JSON: no aliases (so no bombs, and every
 * tool reads the value where it stands), no tags of other languages, no NaN, no keys but strings. Never throws.
 */
export function readYaml(yaml: string): YamlSource {
  const tooLong = yaml.length > LONGEST;
  const document = parseDocument(tooLong ? '' : yaml, {
    version: '1.2',
    schema: 'core',
    merge: false,
    stringKeys: true,
    resolveKnownTags: false,
    keepSourceTokens: true,
    prettyErrors: false,
    logLevel: 'error',
  });
  const syntax: Finding[] = [...document.errors, ...document.warnings].map(({ code, message, pos: [start, end] }) => ({
    message:
      code === 'RESOURCE_EXHAUSTION' ? 'The front matter is nested too deeply.' : `${message}.`.replace(/\.\.$/, '.'),
    start,
    end,
  }));
  if (tooLong) syntax.push({ message: `The front matter is longer than ${LONGEST} characters.`, start: 0, end: 3 });
  const ended = /\n(\.\.\.)(?=[ \t\r\n])/.exec(yaml);
  if (ended)
    syntax.push({
      message: 'A line of ... ends the YAML before its fence; leave it out.',
      start: ended.index + 1,
      end: ended.index + 4,
    });
  const findings: Finding[] = [];
  const value = syntax.length > 0 ? null : toJson(document.contents, [], findings, yaml);
  return { document, value, syntax, findings };
}

function toJson(node: ParsedNode | null, path: Path, findings: Finding[], yaml: string): Json {
  const refuse = (message: string, place: Node | null, at: Path = path): null => {
    const [start, end] = place?.range ?? [0, 0];
    findings.push({ message, path: at, start, end });
    return null;
  };
  if (node === null || isEmptyScalar(node)) return path.length === 0 ? {} : null;
  if (path.length > DEEPEST) return refuse(`Nested deeper than ${DEEPEST} levels.`, node);
  if (isAlias(node))
    return refuse(`Aliases such as *${node.source} are not used in presets: write the value out.`, node);
  if (isSeq(node)) return node.items.map((item, index) => toJson(item as ParsedNode, [...path, index], findings, yaml));
  if (isMap(node)) {
    const entries: [string, Json][] = [];
    for (const { key, value } of node.items) {
      if (!isScalar(key) || typeof key.value !== 'string') refuse('A key must be plain text.', key);
      else if (key.value === '__proto__') refuse('"__proto__" cannot be a key.', key, [...path, key.value]);
      else entries.push([key.value, toJson(value, [...path, key.value], findings, yaml)]);
    }
    return Object.fromEntries(entries);
  }
  return scalar(node.value, yaml.slice(node.range[0], node.range[1]), (message) => refuse(message, node));
}

function scalar(value: unknown, source: string, refuse: (message: string) => null): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value !== 'number') return refuse('This value has no form in JSON.');
  if (!Number.isFinite(value)) return refuse(`${source} is not a number in JSON.`);
  if (/^[-+]?\d+$/.test(source) && !isExact(source, value)) return refuse(`${source} is too large to be kept exactly.`);
  return value;
}

/** Whether digits say the number they are read as: that number, or the shortest digits for it, as JSON prints it. */
function isExact(digits: string, value: number): boolean {
  return Number.isSafeInteger(value) || digits === String(value) || BigInt(digits.replace('+', '')) === BigInt(value);
}

/** Where a field stands in the YAML: its value, or its key when that is wanted or nothing follows it. */
export function fieldRange(
  { document }: YamlSource,
  path: Path,
  atKey: boolean,
): { readonly start: number; readonly end: number } {
  let node: unknown = document.contents;
  // The fence stands for front matter that is empty.
  let range: readonly number[] = node && !isEmptyScalar(node) ? (document.contents?.range ?? [0, 3]) : [0, 3];
  for (const [index, part] of path.entries()) {
    const last = index === path.length - 1;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === part);
      if (!pair) break;
      const key = (pair.key as Node).range ?? range;
      const value = (pair.value as Node | null)?.range;
      range = !last || atKey || !value || value[0] === value[1] ? key : value;
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(part)] as Node | undefined;
      if (!item) break;
      range = item.range ?? range;
      node = item;
    } else break;
  }
  return { start: range[0] ?? 0, end: range[1] ?? 0 };
}

/** Top-level fields with nothing behind the colon. */
export function emptyFields({ document }: YamlSource): readonly Path[] {
  if (!isMap(document.contents)) return [];
  return document.contents.items.flatMap(({ key, value }) =>
    isScalar(key) &&
    (value === null || (isScalar(value) && value.value === null && value.range?.[0] === value.range?.[1]))
      ? [[String(key.value)]]
      : [],
  );
}

/** What YAML reads where nothing is written. */
export function isEmptyScalar(node: unknown): boolean {
  return isScalar(node) && node.value === null && node.range?.[0] === node.range?.[1];
}
