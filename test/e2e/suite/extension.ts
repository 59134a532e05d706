import * as vscode from 'vscode';

/** `publisher.name` of package.json. */
const ID = 'callgate.callgate';

/** Ours, as VS Code has loaded it. */
export function callgate(): vscode.Extension<unknown> {
  const extension = vscode.extensions.getExtension(ID);
  if (!extension) throw new Error(`${ID} is not installed in this VS Code`);
  return extension;
}
