import {
  Disposable,
  l10n,
  type QuickPickItem,
  Range,
  Selection,
  type TextEditor,
  TextEditorRevealType,
  ThemeColor,
  window,
  workspace,
} from 'vscode';
import { actionOf, type Finding, findingText } from './finding-text.ts';

type Place = { readonly finding: Finding; readonly range: Range };
type Item = QuickPickItem & Place;

const LOOKS = {
  block: { icon: 'error', color: 'editorError.foreground' },
  redact: { icon: 'warning', color: 'editorWarning.foreground' },
  flag: { icon: 'info', color: 'editorInfo.foreground' },
} as const;
const KINDS = ['block', 'redact', 'flag'] as const;

/**
 * Lists findings, marks them in the text meanwhile, and goes to the one under the cursor. Enter stays there; Escape goes back.
 *
 * @param offset where the text that was looked at begins in the document; UTF-16
 * @returns once the list is closed
 */
export function listFindings(editor: TextEditor, offset: number, findings: readonly Finding[], title: string) {
  const { document, selection: before } = editor;
  const at = (index: number) => document.positionAt(offset + index);
  const places = findings.map((finding): Place => ({ finding, range: new Range(at(finding.start), at(finding.end)) }));
  const list = window.createQuickPick<Item>();
  list.title = title;
  list.placeholder = l10n.t('Go to a finding');
  list.matchOnDescription = true;
  // The list before it, which asks for a guardrail, may give the focus back late.
  list.ignoreFocusOut = true;
  list.items = places.map(itemOf);
  const open: { dispose(): unknown }[] = [list, mark(editor, places)];
  return new Promise<void>((resolve) => {
    let isOver = false;
    const finish = (stayAt: Range | null) => {
      // Hiding comes after every other end too.
      if (isOver) return;
      isOver = true;
      for (const one of open) one.dispose();
      // One who has gone elsewhere by hand stays there.
      if (stayAt || places.some(({ range }) => range.isEqual(editor.selection))) go(editor, stayAt ?? before);
      resolve();
    };
    list.onDidChangeActive(([item]) => {
      if (item && !isOver) go(editor, item.range);
    });
    list.onDidAccept(() => {
      const [item] = list.selectedItems;
      if (item) finish(item.range);
    });
    list.onDidHide(() => finish(null));
    const edited = workspace.onDidChangeTextDocument(({ document: changed, contentChanges }) => {
      // What was found stands elsewhere now, or no more.
      if (changed === document && contentChanges.length > 0) finish(editor.selection);
    });
    open.push(edited);
    list.show();
  });
}

function itemOf({ finding, range }: Place): Item {
  const { line, character } = range.start;
  return {
    label: `$(${LOOKS[actionOf(finding)].icon}) ${finding.type}`,
    description: `${l10n.t('line {0}, column {1}', line + 1, character + 1)} · ${findingText(finding)}`,
    finding,
    range,
  };
}

/** Frames them in the text, each in the colour of its action, until disposed of. */
function mark(editor: TextEditor, places: readonly Place[]): Disposable {
  const types = KINDS.map((kind) => {
    const color = new ThemeColor(LOOKS[kind].color);
    const type = window.createTextEditorDecorationType({
      border: '1px solid',
      borderColor: color,
      overviewRulerColor: color,
      backgroundColor: new ThemeColor('editor.findMatchHighlightBackground'),
    });
    editor.setDecorations(
      type,
      places.filter(({ finding }) => actionOf(finding) === kind).map(({ range }) => range),
    );
    return type;
  });
  return Disposable.from(...types);
}

function go(editor: TextEditor, range: Range): void {
  editor.selection = range instanceof Selection ? range : new Selection(range.start, range.end);
  // The list covers the upper lines.
  editor.revealRange(range, TextEditorRevealType.InCenter);
}
