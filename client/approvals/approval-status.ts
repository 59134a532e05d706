import { l10n, StatusBarAlignment, type StatusBarItem, ThemeColor, window } from 'vscode';
import type { Approvals } from './approvals.ts';
import { permitQuestion } from './permit-text.ts';

/** How many calls wait for a person; not there while none does. */
export class ApprovalStatus {
  readonly #item: StatusBarItem;
  readonly #listening: { dispose(): void };

  constructor(approvals: Approvals) {
    this.#item = window.createStatusBarItem('callgate.permits', StatusBarAlignment.Right, 89);
    this.#item.name = l10n.t('Callgate permits');
    this.#item.command = 'callgate.pendingPermits';
    this.#item.backgroundColor = new ThemeColor('statusBarItem.warningBackground');
    this.#listening = approvals.onDidChange(() => this.#show(approvals));
  }

  dispose(): void {
    this.#listening.dispose();
    this.#item.dispose();
  }

  #show({ pending }: Approvals): void {
    if (pending.length === 0) {
      this.#item.hide();
      return;
    }
    const text = pending.length === 1 ? l10n.t('1 permit') : l10n.t('{0} permits', pending.length);
    this.#item.text = `$(bell-dot) ${text}`;
    this.#item.tooltip = pending.map(permitQuestion).join('\n');
    this.#item.accessibilityInformation = { label: l10n.t('Callgate: {0} asked for', text) };
    this.#item.show();
  }
}
