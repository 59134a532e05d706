import { type TabInputCustom, type TabInputText, type TextDocument, Uri, window, workspace } from 'vscode';
import { isPresetSlug } from '../../server/presets/slug.ts';

export const PRESET_EDITOR = 'callgate.presetEditor';
export const PRESET_SUFFIX = '.preset.md';

/** `…/triage.preset.md` → `triage`. The rule of `presetSlugOfPath`, without the parser that stands beside that one. */
export function presetSlug(uri: Uri): string | null {
  const name = uri.path.slice(uri.path.lastIndexOf('/') + 1);
  const slug = name.endsWith(PRESET_SUFFIX) ? name.slice(0, -PRESET_SUFFIX.length) : '';
  return isPresetSlug(slug) ? slug : null;
}

/** The preset file in the active editor, whether as a form or as text; null when it is something else. */
export function activePreset(): Uri | null {
  const input = window.tabGroups.activeTabGroup.activeTab?.input as TabInputCustom | TabInputText | undefined;
  const uri = input && 'uri' in input ? input.uri : undefined;
  return uri && presetSlug(uri) ? uri : null;
}

/** What a command was given by a menu or an editor's title, else the active preset. */
export function presetArgument(argument: unknown): Uri | null {
  if (argument instanceof Uri) return presetSlug(argument) ? argument : null;
  return activePreset();
}

/** Every preset file of the workspace, in the order of their names. */
export async function presetFiles(): Promise<readonly Uri[]> {
  const found = await workspace.findFiles('**/*.preset.md', '**/{node_modules,.git}/**', 500);
  return found.filter((uri) => presetSlug(uri) !== null).sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The open document of `uri`, unsaved changes and all. */
export async function presetDocument(uri: Uri): Promise<TextDocument> {
  return workspace.openTextDocument(uri);
}
