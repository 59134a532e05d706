import { l10n, type QuickPickItem, window } from 'vscode';
import type { PermitDecision, PermitRequest } from '../../server/protocol.ts';
import { askPick } from '../ask.ts';
import type { Command } from '../commands.ts';
import type { Approvals } from './approvals.ts';
import { askTaskBound } from './ask-task-bound.ts';
import { permitDetail, permitQuestion, whoAsks } from './permit-text.ts';

/** “Callgate: Pending Permits…”: whoever waits, and the three answers. */
export function approvalCommands(approvals: Approvals): Readonly<Record<string, Command>> {
  return { pendingPermits: { needs: ['daemon'], run: () => answerPending(approvals) } };
}

async function answerPending(approvals: Approvals): Promise<void> {
  await approvals.refresh();
  const items = approvals.pending.map((request) => ({
    label: whoAsks(request),
    description: permitQuestion(request),
    detail: permitDetail(request),
    request,
  }));
  if (items.length === 0) {
    await window.showInformationMessage(l10n.t('No call waits for your permit.'));
    return;
  }
  const picked = await askPick({ title: l10n.t('Pending Permits'), placeholder: l10n.t('Which call?'), items });
  if (picked.kind === 'value') await decide(approvals, picked.value.request);
}

async function decide(approvals: Approvals, request: PermitRequest): Promise<void> {
  type Choice = QuickPickItem & { readonly decision: PermitDecision['decision'] };
  const items: readonly Choice[] = [
    { label: l10n.t('Allow Once'), decision: 'once' },
    ...(request.task === null ? [] : [{ label: l10n.t('Allow This Task…'), decision: 'task' } as const]),
    { label: l10n.t('Deny'), decision: 'deny' },
  ];
  const picked = await askPick({ title: permitQuestion(request), placeholder: permitDetail(request), items });
  if (picked.kind !== 'value') return;
  const { decision } = picked.value;
  const bound = decision === 'task' ? await askTaskBound() : {};
  if (bound) await approvals.answer(request, { decision, ...bound });
}
