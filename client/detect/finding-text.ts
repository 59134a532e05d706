import { l10n } from 'vscode';
import type { DetectAnswer } from '../../server/protocol.ts';

export type Finding = DetectAnswer['findings'][number];
export type Action = DetectAnswer['action'];

/** What would become of a call with this text, for how many findings, and how long it took to say so. */
export function outcomeText({ findings, action, milliseconds }: DetectAnswer): string {
  const time = l10n.t('{0} ms', milliseconds < 10 ? Number(milliseconds.toFixed(2)) : Math.round(milliseconds));
  if (findings.length === 0) return l10n.t('Nothing was found ({0}).', time);
  const count = findings.length === 1 ? l10n.t('1 finding') : l10n.t('{0} findings', findings.length);
  return `${count} · ${actionText(action)} · ${time}`;
}

export function actionText(action: Action): string {
  switch (action) {
    case 'block':
      return l10n.t('the call would be refused');
    case 'redact':
      return l10n.t('the call would be redacted');
    case 'flag':
      return l10n.t('the call would be flagged');
    case 'allow':
      return l10n.t('the call would pass');
  }
}

/** Which action, rule and score, as far as they are known; nothing of the text itself. */
export function findingText(finding: Finding): string {
  const { detector, rule, score } = finding;
  return [
    actionOf(finding),
    detector,
    ...(rule === undefined ? [] : [l10n.t('rule {0}', rule)]),
    ...(score === undefined ? [] : [l10n.t('score {0}', score.toFixed(2))]),
  ].join(' · ');
}

/** An injection's score from which the detectors, without a guardrail, would refuse the call. */
const SURE = 0.9;

/** A guardrail's action for it, else what its detector does without one. */
export function actionOf({ action, detector, score = 0 }: Finding): Exclude<Action, 'allow'> {
  if (action) return action;
  if (detector !== 'injection') return 'redact';
  return score >= SURE ? 'block' : 'flag';
}
