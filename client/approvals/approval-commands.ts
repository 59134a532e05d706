import { l10n, type QuickPickItem, window } from 'vscode';
import type { PermitDecision, PermitRequest } from '../../server/protocol.ts';
import { askPick } from '../ask.ts';
import type { Command } from '../commands.ts';
import type { Approvals } from './approvals.ts';
import { askTaskBound } from './ask-task-bound.ts';
import { permitDetail, permitQuestion, whoAsks } from './permit-text.ts';

/** “Callgate: Pending Permits…”: whoever waits, and the three answers; on a row of the tree, the answer to it. */
export function approvalCommands(approvals: Approvals): Readonly<Record<string, Command>> {
  const onRow = (answer: (request: PermitRequest) => Promise<void>): Command => ({
    needs: ['daemon'],
    run: (row) => {
      const asked = requestOf(row);
      if (!asked) return answerPending(approvals);
      const request = approvals.pending.find(({ id }) => id === asked.id);
      // A row may still be drawn when its call is no more.
      return request ? answer(request) : approvals.sayNobodyWaits();
    },
  });
  return {
    pendingPermits: onRow((request) => decide(approvals, request)),
    allowPermitOnce: onRow((request) => approvals.answer(request, { decision: 'once' })),
    allowPermitTask: onRow((request) => allowTask(approvals, request)),
    denyPermit: onRow((request) => approvals.answer(request, { decision: 'deny' })),
  };
}

function requestOf(row: unknown): PermitRequest | null {
  return typeof row === 'object' && row !== null && 'request' in row
    ? (row as { request: PermitRequest }).request
    : null;
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
  if (decision === 'task') await allowTask(approvals, request);
  else await approvals.answer(request, { decision });
}

async function allowTask(approvals: Approvals, request: PermitRequest): Promise<void> {
  const bound = await askTaskBound();
  if (bound) await approvals.answer(request, { decision: 'task', ...bound });
}
