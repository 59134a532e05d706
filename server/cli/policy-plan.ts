import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { CALLGATE_API, type PlannedChange, policyPlan } from '../protocol.ts';
import type { Api } from './api.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { dim, oneLine } from './output.ts';

export const POLICY_FILE = 'callgate.yaml';

const plan = z.object({ data: policyPlan });

/** The file as a request to the daemon has it. */
export function readPolicyFile(file: string): { readonly text: string; readonly file: string } {
  try {
    return { text: readFileSync(file, 'utf8'), file };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(`Cannot read ${file}: ${why}`, '`callgate export` writes one from what is.', EXIT.usage);
  }
}

/** Asks the daemon what the file would change. */
export async function askForPlan(api: Api, body: { readonly text: string; readonly file: string }) {
  return (await api.call(plan, 'POST', `${CALLGATE_API}/policy/plan`, body)).data;
}

const MARKS = { create: '+', update: '~', delete: '-' } as const;

/** The changes as people read them, one after the other; `past` when they have been made. */
export function planText(changes: readonly PlannedChange[], past = false): string {
  if (changes.length === 0) return past ? 'Nothing to change.' : 'Nothing would change.';
  const lines = changes.flatMap(({ action, section, name, fields }) => [
    `${MARKS[action]} ${singular(section)} ${oneLine(name)}`,
    ...fields.map(({ field, before, after }) =>
      action === 'create' ? `    ${field}: ${shown(after)}` : `    ${field}: ${dim(shown(before))} → ${shown(after)}`,
    ),
  ]);
  const count = (wanted: PlannedChange['action']) => changes.filter(({ action }) => action === wanted).length;
  const sums = [
    [count('create'), past ? 'made' : 'to make'],
    [count('update'), past ? 'changed' : 'to change'],
    [count('delete'), past ? 'deleted' : 'to delete'],
  ] as const;
  const told = sums.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  return [...lines, '', `${told.join(', ')}.`].join('\n');
}

const singular = (section: string) => section.replace(/s$/, '');

function shown(value: unknown): string {
  if (value === null || value === undefined) return 'none';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return oneLine(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
