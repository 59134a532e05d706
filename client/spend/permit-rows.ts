import { l10n } from 'vscode';
import type { PermitRequest } from '../../server/protocol.ts';
import { permitDetail, permitQuestion, whoAsks } from '../approvals/permit-text.ts';
import { escapeMarkdown } from '../markdown.ts';
import { formatUsd } from '../money.ts';
import type { SpendRow } from './rows.ts';

const WAITING = { name: 'bell-dot', color: 'charts.yellow' } as const;

/** Over all else while somebody waits: a call that nobody answers is refused. */
export function permitsRow(pending: readonly PermitRequest[]): SpendRow {
  const label = l10n.t('Waiting for you');
  const count = pending.length === 1 ? l10n.t('1 permit') : l10n.t('{0} permits', pending.length);
  return {
    kind: 'permits',
    id: 'permits',
    label,
    description: count,
    tooltip: l10n.t('Calls that need a permit, and are refused when nobody answers.'),
    icon: WAITING,
    context: 'permits',
    accessible: `${label}, ${count}`,
  };
}

export function permitRow(request: PermitRequest): SpendRow {
  const { id, model, bound, task } = request;
  const most = bound === null ? l10n.t('no bound') : l10n.t('at most {0}', formatUsd(bound));
  const question = permitQuestion(request);
  return {
    kind: 'permit',
    request,
    id: `permit:${id}`,
    label: whoAsks(request),
    // The amount first: a narrow view cuts the end off.
    description: `${most} · ${model.replace(/\s+/g, ' ')}`,
    tooltip: `${escapeMarkdown(question)}\n\n${escapeMarkdown(permitDetail(request))}`,
    icon: { name: 'question', color: 'charts.yellow' },
    context: task === null ? 'permit.call' : 'permit.task',
    accessible: question,
  };
}
