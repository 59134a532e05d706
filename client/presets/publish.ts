import { env, l10n, type QuickPickItem, type TextDocument, Uri, window, workspace } from 'vscode';
import type { PublishRequest } from '../../server/protocol.ts';
import { askPick, askText } from '../ask.ts';
import type { Callgate } from '../callgate.ts';
import { showRefusal } from '../commands.ts';
import { presetArgument, presetDocument, presetFiles, presetSlug } from './active.ts';
import { openAsText } from './editor.ts';

/** Publishes a preset file: its text becomes the next version, and the one that calls use. */
export async function publishPreset(callgate: Callgate, argument: unknown): Promise<void> {
  const uri = presetArgument(argument) ?? (await pickFile());
  const slug = uri && presetSlug(uri);
  if (!uri || !slug) return;
  const document = await presetDocument(uri);
  if (!(await isSound(document))) return;
  const asked = await askText({
    title: l10n.t('Publish @preset/{0}', slug),
    prompt: l10n.t('What changed? It is kept with the version. Empty is fine.'),
    placeholder: l10n.t('Answer in the customer’s language'),
    check: () => null,
  });
  if (asked.kind !== 'value') return;
  // What is published must be what the file says, or git and the version would tell different stories.
  if (document.isDirty && !(await document.save())) {
    await window.showErrorMessage(l10n.t('{0} could not be saved, so it was not published.', slug));
    return;
  }
  const request: PublishRequest = {
    text: document.getText(),
    ...(asked.value === '' ? {} : { message: asked.value }),
    ...folderOf(uri),
  };
  await publish(callgate, slug, request);
}

async function publish(callgate: Callgate, slug: string, request: PublishRequest): Promise<void> {
  const answer = await callgate.api.publish(slug, request);
  if (answer.kind === 'ok') {
    const { created, version } = answer.value;
    const text = created
      ? l10n.t('@preset/{0} is now version {1}.', slug, version.version)
      : l10n.t('@preset/{0} is version {1} already: the text is the same.', slug, version.version);
    const copy = l10n.t('Copy @preset/{0}@{1}', slug, version.version);
    if ((await window.showInformationMessage(text, copy)) === copy) {
      await env.clipboard.writeText(`@preset/${slug}@${version.version}`);
    }
    return;
  }
  if (answer.reason !== 'preset_owned' || request.take_over) return showRefusal(answer);
  const takeOver = l10n.t('Take Over');
  const detail = l10n.t('Its versions stay. From then on this folder publishes it, and the other is refused.');
  const choice = await window.showWarningMessage(answer.message, { modal: true, detail }, takeOver);
  if (choice === takeOver) await publish(callgate, slug, { ...request, take_over: true });
}

/** Shows the first thing that is wrong, with the way to it. */
async function isSound(document: TextDocument): Promise<boolean> {
  const { parsePresetFile } = await import('../../server/presets/file.ts');
  const { file, problems } = parsePresetFile(document.getText());
  const worst = problems.find((problem) => problem.severity === 'error');
  if (file || !worst) return true;
  const open = l10n.t('Open as Text');
  const text = l10n.t('Not published: line {0}: {1}', worst.line, worst.message);
  if ((await window.showErrorMessage(text, open)) === open) await openAsText(document.uri, worst.line);
  return false;
}

/** The folder that owns the slug: the one that holds `.callgate`, else the workspace folder, else the file's own. */
function folderOf(uri: Uri): { readonly folder?: string } {
  if (uri.scheme !== 'file' && uri.scheme !== 'vscode-remote') return {};
  const marker = uri.path.lastIndexOf('/.callgate/');
  if (marker > 0) return { folder: uri.with({ path: uri.path.slice(0, marker) }).fsPath };
  return { folder: workspace.getWorkspaceFolder(uri)?.uri.fsPath ?? Uri.joinPath(uri, '..').fsPath };
}

async function pickFile(): Promise<Uri | null> {
  const items = (await presetFiles()).map((uri): QuickPickItem & { uri: Uri } => ({
    label: presetSlug(uri) ?? '',
    description: workspace.asRelativePath(uri),
    uri,
  }));
  if (items.length === 0) {
    await window.showInformationMessage(
      l10n.t('This workspace has no preset file. “Callgate: New Preset…” makes one.'),
    );
    return null;
  }
  const asked = await askPick({ title: l10n.t('Publish Preset'), placeholder: l10n.t('Which preset?'), items });
  return asked.kind === 'value' ? asked.value.uri : null;
}
