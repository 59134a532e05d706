import { l10n } from 'vscode';
import type { PlannedChange } from '../../server/protocol.ts';

/** How many of each: `1 to make, 2 to change`. */
export function planSummary(changes: readonly PlannedChange[]): string {
  const count = (wanted: PlannedChange['action']) => changes.filter(({ action }) => action === wanted).length;
  const [made, changed, deleted] = [count('create'), count('update'), count('delete')];
  return [
    ...(made > 0 ? [l10n.t('{0} to make', made)] : []),
    ...(changed > 0 ? [l10n.t('{0} to change', changed)] : []),
    ...(deleted > 0 ? [l10n.t('{0} to delete', deleted)] : []),
  ].join(', ');
}

/** A plan as a diff, which every theme colours: what stands at the margin is made, changed or deleted. */
export function planText(changes: readonly PlannedChange[], notes: readonly string[]): string {
  const head =
    changes.length === 0
      ? l10n.t('callgate.yaml says what already is: nothing would change.')
      : l10n.t('callgate.yaml would change what follows: {0}. Nothing has been done yet.', planSummary(changes));
  return `${[[head, ...notes.map(oneLine)].join('\n'), ...changes.map(changeText)].join('\n\n')}\n`;
}

function changeText({ action, section, name, fields }: PlannedChange): string {
  const title = `${section.replace(/s$/, '')} ${oneLine(name)}`;
  switch (action) {
    case 'create':
      return [`+ ${title}`, ...fields.map(({ field, after }) => `+     ${field}: ${shown(after)}`)].join('\n');
    case 'delete':
      return `- ${title}`;
    case 'update':
      return [
        `! ${title}`,
        ...fields.flatMap(({ field, before, after }) => [
          `-     ${field}: ${shown(before)}`,
          `+     ${field}: ${shown(after)}`,
        ]),
      ].join('\n');
  }
}

const LONGEST = 200;

function shown(value: unknown): string {
  if (value === null || value === undefined) return l10n.t('none');
  const text = oneLine(typeof value === 'string' ? value : JSON.stringify(value));
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ').trim();
