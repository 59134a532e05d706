import { hash } from 'node:crypto';
import { type ParsedPolicy, type PolicyProblem, parsePolicyFile } from '../../policy-file/parse.ts';
import { identityOf, type PolicyFile, type Section } from '../../policy-file/schema.ts';
import type { Json } from '../../presets/json.ts';
import type { AdminContext } from '../context.ts';
import { differenceOf, type FieldChange } from './difference.ts';
import { type Item, type Kind, only, type Present, without } from './kind.ts';
import type { PolicyParts } from './kinds.ts';

export type PlannedChange = {
  readonly action: 'create' | 'update' | 'delete';
  readonly section: Section;
  /** Which one, for people: `default: triage`. */
  readonly name: string;
  readonly fields: readonly FieldChange[];
};

/** A planned change with what it takes to do it. */
export type Step = PlannedChange & {
  readonly kind: Kind;
  readonly present: Present | null;
  readonly item: Item;
  /** Where the file says so; null: it says nothing of it. */
  readonly index: number | null;
};

export type Plan =
  | {
      readonly kind: 'plan';
      readonly steps: readonly Step[];
      /** What the file says and does not come to be, for people. */
      readonly notes: readonly string[];
      readonly parsed: ParsedPolicy;
      /** Another when anything in it is otherwise. */
      readonly digest: string;
    }
  | { readonly kind: 'invalid'; readonly problems: readonly PolicyProblem[] };

type Complain = (field: string, message: string) => void;

/** What the file would change, in the order in which it would be done. Changes nothing. */
export async function planPolicy({ admin, kinds }: PolicyParts, text: string): Promise<Plan> {
  const parsed = parsePolicyFile(text);
  if (!parsed.file) return { kind: 'invalid', problems: parsed.problems };
  const { file } = parsed;
  const states = new Map<Section, readonly Present[]>();
  for (const kind of kinds) states.set(kind.section, await kind.read(admin));
  const problems: PolicyProblem[] = [];
  const steps: Step[] = [];
  const deletions: Step[] = [];
  const notes: string[] = [];
  for (const kind of kinds) {
    const present = states.get(kind.section) ?? [];
    const items = itemsOf(file, kind.section);
    const used = new Set<string>();
    for (const [index, item] of items.entries()) {
      const complain = (field: string, message: string) => {
        const path = field === '' ? [] : field.split('.').map(numbered);
        problems.push(parsed.problemAt([kind.section, index, ...path], message));
      };
      const found = problems.length;
      const match = matchOf(kind, item, present, complain);
      checkBody(kind, item, match === null, complain);
      checkReferences(kind, item, complain, file, states);
      if (problems.length > found) continue;
      if (match) used.add(match.id);
      const step = stepOf(admin, kind, item, index, match, { complain, note: (text) => void notes.push(text) });
      if (step) steps.push(step);
    }
    if (file.prune !== true || (file[kind.section] ?? null) === null) continue;
    for (const one of present) if (!used.has(one.id) && one.isFixed !== true) deletions.unshift(deletionOf(kind, one));
  }
  if (problems.length > 0) return { kind: 'invalid', problems: problems.toSorted((a, b) => a.start - b.start) };
  const all = [...steps, ...deletions];
  return { kind: 'plan', steps: all, notes, parsed, digest: hash('sha256', JSON.stringify(all.map(changeOf))) };
}

/** What people and programs are told of a step. */
export function changeOf({ action, section, name, fields }: Step): PlannedChange {
  return { action, section, name, fields };
}

function itemsOf(file: PolicyFile, section: Section): readonly Item[] {
  return (file[section] ?? []) as unknown as readonly Item[];
}

function stepOf(
  admin: AdminContext,
  kind: Kind,
  item: Item,
  index: number,
  match: Present | null,
  { complain, note }: { readonly complain: Complain; readonly note: (text: string) => void },
): Step | null {
  const wanted = only(
    kind.normal(admin, item),
    Object.keys(item).filter((field) => field !== 'id' || kind.section === 'members'),
  );
  const name = identityOf(kind.section, item);
  const base = { section: kind.section, name, kind, index };
  if (!match) {
    const fields = Object.entries(wanted).flatMap(([field, after]) => flat(kind, field, after));
    return { ...base, action: 'create', present: null, item: wanted, fields };
  }
  const found = differenceOf(kind, match.item, without(wanted, 'workspace', 'organization'));
  const held = found.changes.flatMap(({ field, before = null, after = null }) => {
    const why = kind.heldBack?.(field, before, after) ?? null;
    if (why !== null) note(`${kind.section} ${name}: ${why}`);
    return why === null ? [] : [field];
  });
  const changes = found.changes.filter(({ field }) => !held.includes(field));
  const changed = without(found.item, ...held);
  for (const { field } of changes) {
    if (kind.fixed.includes(field)) complain(field, `${field} cannot be changed: delete it and make another.`);
  }
  return changes.length === 0 ? null : { ...base, action: 'update', present: match, item: changed, fields: changes };
}

function flat(kind: Kind, field: string, after: Json): readonly FieldChange[] {
  const isMerged = kind.merged.includes(field) && typeof after === 'object' && after !== null && !Array.isArray(after);
  return isMerged
    ? Object.entries(after).map(([name, value]) => ({ field: `${field}.${name}`, after: value as Json }))
    : [{ field, after }];
}

function deletionOf(kind: Kind, present: Present): Step {
  const name = identityOf(kind.section, present.item);
  return { action: 'delete', section: kind.section, name, fields: [], kind, present, item: {}, index: null };
}

function matchOf(kind: Kind, item: Item, present: readonly Present[], complain: Complain): Present | null {
  const { id } = item;
  if (kind.section !== 'members' && typeof id === 'string') {
    const named = present.find((one) => one.id === id);
    if (!named) complain('id', `Nothing under ${kind.section} has the id ${id}; leave it out to make a new one.`);
    return named ?? null;
  }
  const identity = identityOf(kind.section, item);
  const found = present.filter((one) => identityOf(kind.section, one.item) === identity);
  if (found.length > 1) {
    const ids = found.map((one) => one.id).join(', ');
    complain('name', `${found.length} of the ${kind.section} are called ${identity}; say which by id: ${ids}`);
  }
  return found[0] ?? null;
}

/** What the API would refuse at the first look. */
function checkBody(kind: Kind, item: Item, isNew: boolean, complain: Complain): void {
  const result = kind.body?.safeParse(without(item, 'workspace', 'organization'));
  if (!result || result.success) return;
  for (const { path, message, code } of result.error.issues) {
    const field = path.map(String).join('.');
    const isMissing = code === 'invalid_type' && only(item, [String(path[0])])[String(path[0])] === undefined;
    if (isMissing && isNew) complain('', `${field} is missing, for it is to be made.`);
    else if (!isMissing) complain(field, `${field}: ${message}`.replace(/\.?$/, '.'));
  }
}

function checkReferences(
  kind: Kind,
  item: Item,
  complain: Complain,
  file: PolicyFile,
  states: ReadonlyMap<Section, readonly Present[]>,
): void {
  const { workspace } = item;
  const within = typeof workspace === 'string' ? workspace.replace(/^default\//, '') : null;
  const own = within === null ? [] : [{ field: 'workspace', section: 'workspaces' as const, identity: within }];
  for (const { field, section, identity } of [...own, ...kind.references(item)]) {
    const isListed = itemsOf(file, section).some((one) => identityOf(section, one) === identity);
    const there = (states.get(section) ?? []).some((one) => identityOf(section, one.item) === identity);
    // A new organization brings its default workspace.
    const comes =
      section === 'workspaces' &&
      itemsOf(file, 'organizations').some(({ slug }) => `${String(slug)}/default` === identity);
    if (!isListed && !there && !comes)
      complain(field, `${field}: nothing of the name ${identity} is in this file under ${section}, or there already.`);
  }
}

const numbered = (part: string) => (/^\d+$/.test(part) ? Number(part) : part);
