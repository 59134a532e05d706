import {
  EventEmitter,
  MarkdownString,
  ThemeColor,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
} from 'vscode';
import { keyRow, type SpendRow, workspaceRow } from './rows.ts';
import type { Spend } from './spend.ts';

/** The view "Spend": workspaces, and under each its keys. Empty while nothing is known, which shows the view's welcome. */
export class SpendTreeProvider implements TreeDataProvider<SpendRow> {
  readonly #changed = new EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #spend: Spend;

  constructor(spend: Spend) {
    this.#spend = spend;
    spend.onDidChange(() => this.#changed.fire(undefined));
  }

  getChildren(row?: SpendRow): SpendRow[] {
    if (row?.kind === 'key') return [];
    if (row) return row.workspace.keys.map((key) => keyRow(key, row.workspace, Date.now()));
    if (this.#spend.keys.length === 0) return [];
    return this.#spend.tree?.workspaces.map(workspaceRow) ?? [];
  }

  getTreeItem(row: SpendRow): TreeItem {
    const expandable = row.kind === 'workspace' ? TreeItemCollapsibleState.Expanded : TreeItemCollapsibleState.None;
    const item = new TreeItem(row.label, expandable);
    item.id = row.id;
    item.description = row.description;
    item.tooltip = new MarkdownString(row.tooltip);
    item.iconPath = new ThemeIcon(row.icon.name, row.icon.color ? new ThemeColor(row.icon.color) : undefined);
    item.contextValue = row.context;
    item.accessibilityInformation = { label: row.accessible };
    return item;
  }

  dispose(): void {
    this.#changed.dispose();
  }
}
