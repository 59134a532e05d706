import { l10n, type QuickPickItem } from 'vscode';
import { askPick, askText } from '../ask.ts';
import { parseTaskBound } from './permit-text.ts';

export type TaskBound = { readonly minutes: number } | { readonly usd: number };
type Choice = QuickPickItem & { readonly bound: TaskBound | null };

/** Asks how long, or for how much, a task is allowed; undefined when the person gives up. */
export async function askTaskBound(): Promise<TaskBound | undefined> {
  const title = l10n.t('Allow This Task');
  const items: readonly Choice[] = [
    { label: l10n.t('For {0} minutes', 15), bound: { minutes: 15 } },
    { label: l10n.t('For an hour'), bound: { minutes: 60 } },
    { label: l10n.t('For {0} hours', 8), bound: { minutes: 480 } },
    { label: l10n.t('For at most {0}', '$1'), bound: { usd: 1 } },
    { label: l10n.t('For at most {0}', '$5'), bound: { usd: 5 } },
    { label: l10n.t('Something else…'), bound: null },
  ];
  const picked = await askPick({ title, placeholder: l10n.t('How long, or for how much?'), items });
  if (picked.kind !== 'value') return undefined;
  if (picked.value.bound) return picked.value.bound;
  const typed = await askText({
    title,
    prompt: l10n.t('A time such as 30m, 2h or 1d, or a sum such as $0.50.'),
    placeholder: '30m',
    check: (text) => (parseTaskBound(text) ? null : l10n.t('Write 30m, 2h, 1d or $0.50.')),
  });
  return typed.kind === 'value' ? (parseTaskBound(typed.value) ?? undefined) : undefined;
}
