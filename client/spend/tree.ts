import {
  EventEmitter,
  l10n,
  MarkdownString,
  ThemeColor,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  type ViewBadge,
} from 'vscode';
import type { Approvals } from '../approvals/approvals.ts';
import { permitRow, permitsRow } from './permit-rows.ts';
import { keyRow, organizationRow, type SpendRow, workspaceRow } from './rows.ts';
import type { Spend } from './spend.ts';

/**
 * The view "Spend": the organization, its workspaces, and under each its keys; over them, while there are any, the calls that wait for
 * a permit. Empty while nothing is known, which shows the view's welcome.
 */
export class SpendTreeProvider implements TreeDataProvider<SpendRow> {
  readonly #changed = new EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #spend: Spend;
  readonly #approvals: Pick<Approvals, 'pending' | 'onDidChange'>;
  readonly #listening: readonly { dispose(): void }[];

  constructor(spend: Spend, approvals: Pick<Approvals, 'pending' | 'onDidChange'>) {
    this.#spend = spend;
    this.#approvals = approvals;
    const changed = () => this.#changed.fire(undefined);
    this.#listening = [spend.onDidChange(changed), approvals.onDidChange(changed)];
  }

  /** How many calls wait, on the view's icon. */
  get badge(): ViewBadge | undefined {
    const { length: value } = this.#approvals.pending;
    return value === 0 ? undefined : { value, tooltip: l10n.t('Calls that wait for a permit') };
  }

  getChildren(row?: SpendRow): SpendRow[] {
    if (!row) return this.#roots();
    switch (row.kind) {
      case 'permits':
        return this.#approvals.pending.map(permitRow);
      case 'organization':
        return this.#spend.tree?.workspaces.map(workspaceRow) ?? [];
      case 'workspace':
        return row.workspace.keys.map((key) => keyRow(key, row.workspace, Date.now()));
      case 'key':
      case 'permit':
        return [];
    }
  }

  getTreeItem(row: SpendRow): TreeItem {
    const isLeaf = row.kind === 'key' || row.kind === 'permit';
    const item = new TreeItem(row.label, isLeaf ? TreeItemCollapsibleState.None : TreeItemCollapsibleState.Expanded);
    item.id = row.id;
    item.description = row.description;
    item.tooltip = new MarkdownString(row.tooltip);
    item.iconPath = new ThemeIcon(row.icon.name, row.icon.color ? new ThemeColor(row.icon.color) : undefined);
    item.contextValue = row.context;
    item.accessibilityInformation = { label: row.accessible };
    if (row.kind === 'permit')
      item.command = { command: 'callgate.pendingPermits', title: l10n.t('Answer'), arguments: [row] };
    return item;
  }

  dispose(): void {
    for (const listening of this.#listening) listening.dispose();
    this.#changed.dispose();
  }

  #roots(): SpendRow[] {
    const { pending } = this.#approvals;
    const waiting = pending.length > 0 ? [permitsRow(pending)] : [];
    const { tree } = this.#spend;
    return tree && this.#spend.keys.length > 0 ? [...waiting, organizationRow(tree.organization)] : waiting;
  }
}
