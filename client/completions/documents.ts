import {
  commands,
  EventEmitter,
  languages,
  Range,
  type TabInputText,
  type TextDocumentContentProvider,
  TextEditorRevealType,
  Uri,
  ViewColumn,
  window,
  workspace,
} from 'vscode';

export const RUN_SCHEME = 'callgate-run';

/** How often a growing document is shown anew; each time VS Code compares and repaints the whole text. */
const REPAINT_INTERVAL = 80;

/** Read-only documents for answers, shown beside the editor without taking the focus. */
export class RunDocuments implements TextDocumentContentProvider {
  readonly #changed = new EventEmitter<Uri>();
  readonly onDidChange = this.#changed.event;
  readonly #texts = new Map<string, string>();
  readonly #repaints = new Map<string, NodeJS.Timeout>();
  #count = 0;

  provideTextDocumentContent(uri: Uri): string {
    return this.#texts.get(uri.toString()) ?? '';
  }

  /** Opens a new document and returns its address. `name` becomes the tab's title. */
  async open(name: string, text: string): Promise<Uri> {
    this.#count += 1;
    const uri = Uri.from({ scheme: RUN_SCHEME, path: `/${name} ${this.#count}.md` });
    this.#texts.set(uri.toString(), text);
    const document = await workspace.openTextDocument(uri);
    if (document.languageId !== 'markdown') await languages.setTextDocumentLanguage(document, 'markdown');
    await window.showTextDocument(document, { viewColumn: answerColumn(), preserveFocus: true, preview: false });
    return uri;
  }

  /** `last` repaints at once. */
  update(uri: Uri, text: string, last: boolean): void {
    const key = uri.toString();
    if (!this.#texts.has(key)) return;
    this.#texts.set(key, text);
    const pending = this.#repaints.get(key);
    if (last) {
      clearTimeout(pending);
      this.#repaint(uri);
    } else if (!pending) {
      this.#repaints.set(
        key,
        setTimeout(() => this.#repaint(uri), REPAINT_INTERVAL),
      );
    }
  }

  /** The text is gone once its last tab is. */
  forget(uri: Uri): void {
    this.#texts.delete(uri.toString());
  }

  dispose(): void {
    for (const timer of this.#repaints.values()) clearTimeout(timer);
    this.#changed.dispose();
  }

  #repaint(uri: Uri): void {
    this.#repaints.delete(uri.toString());
    this.#changed.fire(uri);
  }
}

/** Beside what is worked on; where nothing is, or an earlier answer, in its place. */
function answerColumn(): ViewColumn {
  const { activeTab } = window.tabGroups.activeTabGroup;
  const scheme = (activeTab?.input as TabInputText | undefined)?.uri?.scheme;
  return activeTab && scheme !== RUN_SCHEME ? ViewColumn.Beside : ViewColumn.Active;
}

/** Keeps the end of growing documents in sight, for those who have not scrolled away from it. */
export function followGrowth() {
  return workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
    if (document.uri.scheme !== RUN_SCHEME || contentChanges.length === 0) return;
    const grownFrom = Math.min(...contentChanges.map((change) => change.range.start.line));
    for (const editor of window.visibleTextEditors) {
      if (editor.document !== document) continue;
      const lastSeen = Math.max(...editor.visibleRanges.map((range) => range.end.line));
      if (lastSeen + 2 < grownFrom) continue;
      const end = document.lineAt(document.lineCount - 1).range.end;
      editor.revealRange(new Range(end, end), TextEditorRevealType.Default);
    }
  });
}

/** Calls back with each answer's address whose last tab was closed. */
export function onRunClosed(closed: (uri: Uri) => void) {
  return window.tabGroups.onDidChangeTabs(({ closed: tabs }) => {
    for (const { input } of tabs) {
      const uri = (input as TabInputText | undefined)?.uri;
      if (uri?.scheme !== RUN_SCHEME) continue;
      const stillOpen = window.tabGroups.all.some(({ tabs: others }) =>
        others.some((tab) => (tab.input as TabInputText | undefined)?.uri?.toString() === uri.toString()),
      );
      if (!stillOpen) closed(uri);
    }
  });
}

export function setRunning(running: boolean): void {
  void commands.executeCommand('setContext', 'callgate.completionRunning', running);
}
