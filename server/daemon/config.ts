import { basename } from 'node:path';
import {
  type Document,
  isMap,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import type * as z from 'zod';
import { didYouMean } from '../presets/nearest.ts';
import { type Config, configSchema, knownKeys } from './config-schema.ts';
import { readIfPresent } from './private-file.ts';

export type LoadedConfig =
  | { readonly kind: 'ok'; readonly config: Config }
  /** Every problem found, each as `config.yaml:line:column: message`; no value is quoted, as one may be a secret. */
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/**
 * Reads config.yaml; without one, the defaults hold, unless it is `required`.
 * @throws when the file is there and cannot be read.
 */
export function loadConfig(path: string, required = false): LoadedConfig {
  const text = readIfPresent(path);
  if (text === null && required) return { kind: 'invalid', problems: [`${path}: there is no such file`] };
  return parseConfig(text ?? '', basename(path));
}

/** @param name stands before each problem. */
export function parseConfig(text: string, name = 'config.yaml'): LoadedConfig {
  const lines = new LineCounter();
  // Not pretty: the library would quote the line, and with it perhaps a key.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const at = (offset: number, message: string) => {
    const { line, col } = lines.linePos(offset);
    return { offset, text: `${name}:${Math.max(line, 1)}:${Math.max(col, 1)}: ${message}` };
  };
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0) return invalid(broken.map((error) => at(error.pos[0], withoutValue(error))));

  const aliases = findAlias(document);
  if (aliases !== null) return invalid([at(aliases, 'anchors and aliases are not used here')]);
  keepPricesExact(document);
  const content: unknown = document.toJS();
  const result = configSchema.safeParse(isMap(document.contents) ? withoutEmptySections(content) : (content ?? {}));
  if (result.success) return { kind: 'ok', config: result.data };
  return invalid(
    result.error.issues.flatMap((issue) => describe(issue, document).map(({ offset, message }) => at(offset, message))),
  );
}

function invalid(problems: readonly { readonly offset: number; readonly text: string }[]): LoadedConfig {
  return {
    kind: 'invalid',
    problems: [...problems]
      .sort((a, b) => a.offset - b.offset)
      .slice(0, MOST_PROBLEMS)
      .map(({ text }) => (text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS)}…` : text)),
  };
}

/** A file that is not YAML at all has thousands. */
const MOST_PROBLEMS = 50;
const MOST_LETTERS = 500;

/** What the library says of a text that is no YAML, but for what it quotes of it: a whole line of which may be a key. */
function withoutValue({ code, message }: Pick<YAMLError, 'code' | 'message'>): string {
  if (code === 'TAG_RESOLVE_FAILED' || code === 'BAD_DIRECTIVE') return 'tags and directives are not used here';
  if (code === 'BAD_DQ_ESCAPE') return 'Invalid escape sequence';
  return message.replace(/(?<=\S): .*$/s, '');
}

type Place = { readonly offset: number; readonly message: string };

function describe(issue: z.core.$ZodIssue, document: Document): readonly Place[] {
  const where = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      offset: offsetOf(document, [...issue.path, key], true),
      message: `unknown key ${JSON.stringify(key)}${where ? ` in ${where}` : ''}.${didYouMean(key, knownKeys(issue.path))}`,
    }));
  }
  const isKey = issue.code === 'invalid_key';
  const message = isKey ? issue.issues.map((inner) => inner.message).join('; ') : issue.message;
  const subject = where || 'the file';
  const told = message
    .replace(/^Invalid input: expected (\w+), received undefined$/, 'is missing')
    .replace(/^Invalid input: /, '');
  return [{ offset: offsetOf(document, issue.path, isKey), message: `${subject} ${told}` }];
}

/** Where the value (or, with `key`, its key) at `path` stands; what is missing stands where its nearest parent does. */
function offsetOf(document: Document, path: readonly PropertyKey[], key: boolean): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const [index, step] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (!pair) return offset;
      const last = index === path.length - 1;
      // A parent is pointed at by its key: its value may begin lines below.
      offset = startOf(pair.key, offset);
      if (last && !key) return startOf(isMap(pair.value) ? pair.key : pair.value, offset);
      node = pair.value;
    } else {
      node = typeof step === 'number' ? (node as { items?: readonly unknown[] } | null)?.items?.[step] : undefined;
      offset = startOf(node, offset);
    }
  }
  return offset;
}

function startOf(node: unknown, otherwise: number): number {
  return (node as Node | null | undefined)?.range?.[0] ?? otherwise;
}

/** What of a pricing is no price. */
const PLAIN_NUMBERS: ReadonlySet<unknown> = new Set(['discount', 'min_prompt_tokens', 'utc_start', 'utc_end']);

/** A price written without quotes would become a floating number; its own letters are what is meant. */
function keepPricesExact(document: Document): void {
  visit(document, {
    Pair: (_, pair) => {
      if (!isScalar(pair.key) || pair.key.value !== 'pricing' || !isMap(pair.value)) return undefined;
      visit(pair.value, {
        Pair: (_, { key, value }) => {
          if (!isScalar(key) || PLAIN_NUMBERS.has(key.value) || !isScalar(value)) return;
          if (typeof value.value === 'number' && value.source !== undefined) value.value = value.source;
        },
      });
      return visit.SKIP;
    },
  });
}

/** `server:` with every line under it commented out is null, and means nothing said. */
function withoutEmptySections(content: unknown): unknown {
  return Object.fromEntries(Object.entries(content as Record<string, unknown>).filter(([, value]) => value !== null));
}

function findAlias(document: Document): number | null {
  let found: number | null = null;
  visit(document, {
    Alias: (_, alias) => {
      found = alias.range?.[0] ?? 0;
      return visit.BREAK;
    },
    Pair: (_, pair) => {
      if (!isPair(pair) || !isScalar(pair.key) || pair.key.value !== '<<') return undefined;
      found = pair.key.range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  return found;
}
