import { l10n } from 'vscode';
import type { KeyReset } from '../api.ts';
import { type Asked, askPick, askText } from '../ask.ts';
import { parseLimit } from '../money.ts';

type Place = { readonly title: string; readonly step: number; readonly totalSteps: number };

/** Asks for a limit in US dollars. */
export async function askLimit(place: Place, current: number | null | undefined): Promise<Asked<number | null>> {
  const asked = await askText({
    ...place,
    prompt: l10n.t('The most that this key may spend, in US dollars. Empty means no limit.'),
    placeholder: l10n.t('5.00'),
    value: current === null || current === undefined ? '' : String(current),
    check: (text) => {
      const limit = parseLimit(text);
      return limit.kind === 'invalid' ? limit.message : null;
    },
  });
  if (asked.kind !== 'value') return asked;
  const limit = parseLimit(asked.value);
  return { kind: 'value', value: limit.kind === 'amount' ? limit.usd : null };
}

/** Asks when the limit begins anew. */
export async function askReset(place: Place, current: KeyReset | null): Promise<Asked<KeyReset | null>> {
  const items = [
    { label: l10n.t('Never'), description: l10n.t('one sum for the life of the key'), reset: null },
    { label: l10n.t('Daily'), description: l10n.t('at midnight UTC'), reset: 'daily' },
    { label: l10n.t('Weekly'), description: l10n.t('on Monday at midnight UTC'), reset: 'weekly' },
    { label: l10n.t('Monthly'), description: l10n.t('on the first at midnight UTC'), reset: 'monthly' },
  ] as const;
  const asked = await askPick({
    ...place,
    placeholder: l10n.t('When does the limit begin anew?'),
    items,
    active: items.find((item) => item.reset === current),
  });
  return asked.kind === 'value' ? { kind: 'value', value: asked.value.reset } : asked;
}
