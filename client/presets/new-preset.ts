import { l10n, Uri, type WorkspaceFolder, window, workspace } from 'vscode';
import { isPresetSlug } from '../../server/presets/slug.ts';
import { askText } from '../ask.ts';
import { PRESET_SUFFIX } from './active.ts';
import { openAsForm } from './editor.ts';

/** A preset that answers at once, without any provider's key. */
const FIRST_MODEL = 'callgate/sandbox';

/** Asks for a name and makes `.callgate/presets/<name>.preset.md`; one that is there already is opened as it is. */
export async function newPreset(): Promise<void> {
  const folder = await chosenFolder();
  if (!folder) return;
  const asked = await askText({
    title: l10n.t('New Preset'),
    prompt: l10n.t('Programs call it as @preset/<name>.'),
    placeholder: l10n.t('invoice-triage'),
    check: (text) =>
      isPresetSlug(text.trim()) ? null : l10n.t('Lower-case letters and digits, with single hyphens between words.'),
  });
  if (asked.kind !== 'value') return;
  const uri = Uri.joinPath(folder.uri, '.callgate', 'presets', `${asked.value}${PRESET_SUFFIX}`);
  if (await exists(uri)) void window.showInformationMessage(l10n.t('@preset/{0} is there already.', asked.value));
  else await workspace.fs.writeFile(uri, new TextEncoder().encode(template(asked.value)));
  await openAsForm(uri);
}

function template(slug: string): string {
  const words = slug.replaceAll('-', ' ');
  const name = words.charAt(0).toUpperCase() + words.slice(1);
  // A name of digits alone would be a number to YAML.
  const quoted = /^\d+( \d+)*$/.test(name) ? `"${name}"` : name;
  return `---
name: ${quoted}
model: ${FIRST_MODEL}
max_tokens: 1000
---
You are a helpful assistant. Answer in the language of the question, and briefly.
`;
}

async function chosenFolder(): Promise<WorkspaceFolder | undefined> {
  const { workspaceFolders } = workspace;
  if (workspaceFolders && workspaceFolders.length > 1) return window.showWorkspaceFolderPick();
  const [folder] = workspaceFolders ?? [];
  if (!folder) await window.showErrorMessage(l10n.t('Open a folder first: presets are files in it.'));
  return folder;
}

async function exists(uri: Uri): Promise<boolean> {
  return workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
}
