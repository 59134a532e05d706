import { l10n } from 'vscode';
import type { PermitRequest } from '../../server/protocol.ts';
import { formatUsd } from '../money.ts';

/** Who asks, on one line: names come from elsewhere and may hold anything. */
export const whoAsks = ({ behavior, key }: PermitRequest) => oneLine(behavior ?? key);

/** The question a person answers: who, what, at most how much. */
export function permitQuestion(request: PermitRequest): string {
  const { model, bound, calls } = request;
  const most = bound === null ? l10n.t('without a bound on its cost') : l10n.t('for at most {0}', formatUsd(bound));
  return calls > 1
    ? l10n.t('“{0}” asks to call {1} {2} times, each {3}.', whoAsks(request), oneLine(model), calls, most)
    : l10n.t('“{0}” asks to call {1}, {2}.', whoAsks(request), oneLine(model), most);
}

/** The same with all that is known: preset, provider, task, and why it needs a permit. */
export function permitDetail(request: PermitRequest): string {
  const { key, behavior, preset, provider, task, reasons } = request;
  const parts = [
    ...(behavior === null ? [] : [l10n.t('key {0}', oneLine(key))]),
    ...(preset === null ? [] : [oneLine(preset)]),
    l10n.t('at {0}', oneLine(provider)),
    task === null ? l10n.t('one call') : l10n.t('task {0}', oneLine(task)),
    l10n.t('permit required for {0}', reasons.map((reason) => l10n.t('the {0}', oneLine(reason))).join(', ')),
  ];
  return parts.join(' · ');
}

/** `30m`, `2h`, `1d` or `$0.50`: how long or how much a task is allowed; null: none of these. */
export function parseTaskBound(text: string): { readonly minutes: number } | { readonly usd: number } | null {
  const span = /^(\d{1,4})\s*(m|min|h|d)$/i.exec(text.trim());
  if (span) {
    const unit = { m: 1, min: 1, h: 60, d: 1_440 }[String(span[2]).toLowerCase()] ?? 1;
    const minutes = Number(span[1]) * unit;
    return minutes > 0 && minutes <= 525_600 ? { minutes } : null;
  }
  const sum = /^\$?\s*(\d{1,6}(?:\.\d{1,9})?)\s*\$?$/.exec(text.trim());
  const usd = Number(sum?.[1] ?? 0);
  return text.includes('$') && usd > 0 ? { usd } : null;
}

const LONGEST = 120;

function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ');
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST)}…` : plain;
}
