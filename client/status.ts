import { l10n, MarkdownString, StatusBarAlignment, type StatusBarItem, ThemeColor, window } from 'vscode';
import { API } from '../server/protocol.ts';
import type { ConnectionState } from './connection.ts';
import { describeFailure } from './failure.ts';
import { escapeMarkdown, table } from './markdown.ts';
import { formatUsd } from './money.ts';
import type { Spend } from './spend/spend.ts';

/** The one status bar item: whether the daemon runs, and what it spent today. */
export class Status {
  readonly #item: StatusBarItem;
  readonly #spend: Spend;
  #state: ConnectionState = { kind: 'stopped' };

  constructor(spend: Spend) {
    this.#spend = spend;
    this.#item = window.createStatusBarItem('callgate.status', StatusBarAlignment.Right, 90);
    this.#item.name = 'Callgate';
    spend.onDidChange(() => this.#render());
    this.#render();
    this.#item.show();
  }

  show(state: ConnectionState): void {
    this.#state = state;
    this.#render();
  }

  dispose(): void {
    this.#item.dispose();
  }

  #render(): void {
    const item = this.#item;
    const state = this.#state;
    item.backgroundColor = state.kind === 'failed' ? new ThemeColor('statusBarItem.errorBackground') : undefined;
    switch (state.kind) {
      case 'starting':
        item.text = '$(loading~spin) Callgate';
        item.tooltip = l10n.t('Starting the Callgate daemon…');
        item.command = 'callgate.showLog';
        break;
      case 'stopped':
        item.text = '$(circle-slash) Callgate';
        item.tooltip = l10n.t('The Callgate daemon is not running. Click to start it.');
        item.command = 'callgate.startDaemon';
        break;
      case 'failed':
        item.text = '$(error) Callgate';
        item.tooltip = describeFailure(state.failure);
        item.command = 'callgate.showProblem';
        break;
      case 'running':
        item.text = this.#spend.tree
          ? `$(key) ${l10n.t('{0} today', formatUsd(this.#spend.today))}`
          : '$(key) Callgate';
        item.tooltip = this.#runningTooltip(state.handle.url, state.handle.version);
        item.command = 'callgate.spend.focus';
        break;
    }
    item.accessibilityInformation = { label: `Callgate, ${item.text.replace(/\$\([^)]*\)\s*/, '')}` };
  }

  #runningTooltip(url: string, version: string): MarkdownString {
    const stopped = this.#spend.keys.filter((key) => key.state === 'stopped' || key.state === 'near_limit');
    const rows: (readonly [string, string])[] = [
      [l10n.t('Base URL'), escapeMarkdown(`${url}${API}`)],
      [l10n.t('Today (UTC)'), formatUsd(this.#spend.today)],
      [l10n.t('This month'), formatUsd(this.#spend.tree?.organization.usage_monthly ?? 0)],
    ];
    for (const key of stopped) {
      const what = key.state === 'stopped' ? l10n.t('limit reached') : l10n.t('near its limit');
      rows.push([escapeMarkdown(key.name), what]);
    }
    const tooltip = new MarkdownString(`**Callgate** ${escapeMarkdown(version)}\n\n${table(rows)}`);
    tooltip.supportThemeIcons = false;
    return tooltip;
  }
}
