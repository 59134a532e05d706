/** What a person does with text, and what VS Code then shows of ours. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { eventually } from './eventually.ts';
import { inWorkspace } from './extension.ts';

/** VS Code does not say whose an action is. */
const OUR_FIXES = /Callgate|environment variable/;

/** Opens a file of the workspace, in front. */
export async function open(path: string): Promise<vscode.TextDocument> {
  const document = await vscode.workspace.openTextDocument(inWorkspace(path));
  await vscode.window.showTextDocument(document, { preview: false });
  return document;
}

/** Our diagnostics of a file, as they are now. */
export function ours(uri: vscode.Uri): vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(uri).filter(({ source }) => source === 'Callgate');
}

/** Our diagnostics of one code, in the order of the text, as soon as there are `count`. */
export async function problems(document: vscode.TextDocument, code: string, count = 1) {
  const found = await eventually(`${count} × ${code}`, vscode.languages.onDidChangeDiagnostics, () => {
    const all = ours(document.uri).filter((one) => codeOf(one) === code);
    return all.length === count ? all : null;
  });
  return found.toSorted((a, b) => a.range.start.compareTo(b.range.start)) as [
    vscode.Diagnostic,
    ...vscode.Diagnostic[],
  ];
}

function codeOf({ code }: vscode.Diagnostic): unknown {
  return typeof code === 'object' ? code.value : code;
}

/** Our quick fixes with their edits, as the light bulb would offer them. */
export async function quickFixes(document: vscode.TextDocument, range: vscode.Range): Promise<vscode.CodeAction[]> {
  const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
    'vscode.executeCodeActionProvider',
    document.uri,
    range,
    vscode.CodeActionKind.QuickFix.value,
    10,
  );
  return actions.filter(({ title }) => OUR_FIXES.test(title));
}

/** Applies the edit of an action. */
export async function apply({ title, edit }: vscode.CodeAction): Promise<void> {
  assert.ok(edit, `"${title}" has no edit`);
  assert.ok(await vscode.workspace.applyEdit(edit));
}

/** The labels of what is offered there, by whomever. */
export async function completions(document: vscode.TextDocument, at: vscode.Position): Promise<string[]> {
  const { items } = await vscode.commands.executeCommand<vscode.CompletionList>(
    'vscode.executeCompletionItemProvider',
    document.uri,
    at,
  );
  return items.map(({ label }) => (typeof label === 'string' ? label : label.label));
}

/** Writes a file of the workspace, behind the editor's back. */
export async function write(path: string, text: string): Promise<void> {
  await vscode.workspace.fs.writeFile(inWorkspace(path), new TextEncoder().encode(text));
}

/** What the disk holds. */
export async function read(path: string): Promise<string> {
  return new TextDecoder().decode(await vscode.workspace.fs.readFile(inWorkspace(path)));
}
