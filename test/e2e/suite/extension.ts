import * as vscode from 'vscode';
import type { CallgateExports } from '../../../client/extension.ts';

/** `publisher.name` of package.json. */
const ID = 'callgate.callgate';

/** Ours, as VS Code has loaded it. */
export function callgate(): vscode.Extension<CallgateExports> {
  const extension = vscode.extensions.getExtension<CallgateExports>(ID);
  if (!extension) throw new Error(`${ID} is not installed in this VS Code`);
  return extension;
}

/** Ours, activated and attached to its daemon. */
export async function attached(): Promise<CallgateExports> {
  const exports = await callgate().activate();
  await exports.ready();
  return exports;
}

/** A file of the sample workspace, by its path in it. */
export function inWorkspace(path: string): vscode.Uri {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  if (!folder) throw new Error('the suite needs the sample workspace');
  return vscode.Uri.joinPath(folder.uri, path);
}

export async function closeEditors(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
}
