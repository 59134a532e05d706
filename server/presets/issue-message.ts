import type { z } from 'zod/mini';
import { MOST_PROBLEMS } from './problem.ts';
import { unknownFields } from './unknown-field.ts';

type Issue = z.core.$ZodIssue;
export type FieldIssue = {
  readonly message: string;
  readonly path: readonly (string | number)[];
  /** Whether the key is what is wrong, not its value. */
  readonly atKey: boolean;
};

/**
 * One schema issue in words that stand alone; one message per key where several are unknown. `root` is the value that was checked,
 * `unknown` what is said of keys that are none of its.
 */
export function describeIssue(issue: Issue, root: unknown, unknown = unknownFields): readonly FieldIssue[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.slice(0, MOST_PROBLEMS);
    return unknown(path, keys).map(({ key, message }) => ({ message, path: [...path, key], atKey: true }));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const branch = likeliestBranch(issue.errors);
    if (branch.some(({ code, path }) => code !== 'invalid_type' || path.length > 0)) {
      return branch.flatMap((inner) =>
        describeIssue({ ...inner, path: [...issue.path, ...inner.path] }, root, unknown),
      );
    }
  }
  const value = valueAt(root, path);
  const missing = value === undefined && path.length > 0;
  return [
    { message: `${fieldName(path)} ${missing ? 'is missing' : expectation(issue, value)}.`, path, atKey: missing },
  ];
}

/** The branch whose type fits; among those the first, since unions name the strictest first. */
function likeliestBranch(branches: readonly Issue[][]): readonly Issue[] {
  const fits = (branch: Issue[]) =>
    !branch.some(({ code, path }) => (path.length === 0 ? NOT_THIS_TYPE.has(code) : path.at(-1) === 'type'));
  return (
    branches.find(fits) ??
    branches.findLast((branch) => !branch.some(({ path }) => path.length === 0)) ??
    branches[0] ??
    []
  );
}

const NOT_THIS_TYPE: ReadonlySet<string> = new Set(['invalid_type', 'invalid_value', 'invalid_union']);

function expectation(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${TYPES[issue.expected] ?? issue.expected}, not ${actual(value)}`;
    case 'invalid_value':
      return `must be ${oneOf(issue.values)}, not ${actual(value)}`;
    case 'too_small':
      return `must ${issue.origin === 'string' || issue.origin === 'array' ? `have at least ${count(issue.minimum, issue.origin)}` : `be at least ${issue.minimum}`}`;
    case 'too_big':
      return `must ${issue.origin === 'string' || issue.origin === 'array' ? `have at most ${count(issue.maximum, issue.origin)}` : `be at most ${issue.maximum}`}`;
    case 'invalid_union':
      return issue.errors.length > 0
        ? `must be ${unionTypes(issue.errors)}, not ${actual(value)}`
        : `must be ${oneOf(unionOptions(issue))}, not ${actual(value)}`;
    case 'invalid_key':
      return 'has a key that is too long';
    default:
      return issue.message;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
  null: 'null',
};

function unionTypes(errors: readonly (readonly Issue[])[]): string {
  const names = errors.flatMap((branch) =>
    branch.flatMap((inner) => (inner.code === 'invalid_type' ? [TYPES[inner.expected] ?? inner.expected] : [])),
  );
  return [...new Set(names)].join(' or ');
}

function unionOptions(issue: Issue): readonly unknown[] {
  return 'options' in issue && Array.isArray(issue.options) ? issue.options : [];
}

function oneOf(values: readonly unknown[]): string {
  const names = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
  return names.length === 1 ? `${names[0]}` : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

function count(amount: number | bigint, origin: string): string {
  return `${amount} ${origin === 'array' ? 'item' : 'character'}${Number(amount) === 1 ? '' : 's'}`;
}

function actual(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a map';
  return typeof value === 'string' ? `the text ${quote(value)}` : String(value);
}

function fieldName(path: readonly (string | number)[]): string {
  if (path.length === 0) return 'The front matter';
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');
}

function valueAt(root: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, part)
        ? (value as Record<string | number, unknown>)[part]
        : undefined,
    root,
  );
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
