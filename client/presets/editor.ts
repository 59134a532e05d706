import {
  type CustomTextEditorProvider,
  commands,
  type Disposable,
  Position,
  Range,
  type TextDocument,
  Uri,
  type WebviewPanel,
  window,
} from 'vscode';
import type { Callgate } from '../callgate.ts';
import { type ModelChoice, modelChoice } from '../catalogue.ts';
import { PRESET_EDITOR, presetSlug } from './active.ts';
import { formHtml } from './form-html.ts';

/** The preset editor: a form over the text of a `.preset.md`. Saving, undo, backups and diffs are VS Code's own. */
export class PresetEditorProvider implements CustomTextEditorProvider {
  readonly #callgate: Callgate;
  readonly #offers = new Set<() => Promise<void>>();

  constructor(callgate: Callgate) {
    this.#callgate = callgate;
  }

  async resolveCustomTextEditor(document: TextDocument, panel: WebviewPanel): Promise<void> {
    const { extensionUri, log } = this.#callgate;
    panel.webview.options = {
      enableScripts: true,
      localResourceRoots: [Uri.joinPath(extensionUri, 'dist', 'webview')],
    };
    // The parsers of presets are heavy; a session that starts without a form open does not pay for them.
    const { FormSession } = await import('./form-session.ts');
    const session = new FormSession(document, panel, {
      models: () => this.#models(),
      openText: (line) => void openAsText(document.uri, line),
      run: () => void commands.executeCommand('callgate.runTestCompletion', document.uri),
      publish: () => void commands.executeCommand('callgate.publishPreset', document.uri),
      warn: (message) => log.warn(message),
    });
    const offer = () => session.offerModels();
    this.#offers.add(offer);
    panel.onDidDispose(() => {
      this.#offers.delete(offer);
      session.dispose();
    });
    panel.webview.html = formHtml(panel.webview, extensionUri, presetSlug(document.uri) ?? 'preset');
  }

  /** Tells every open form the models anew: the daemon has come, or what it offers has changed. */
  offerModels(): void {
    for (const offer of this.#offers) void offer();
  }

  async #models(): Promise<readonly ModelChoice[]> {
    const { api, connection, log } = this.#callgate;
    if (connection.state.kind !== 'running') return [];
    try {
      const answer = await api.models();
      return answer.kind === 'ok' ? answer.value.map(modelChoice) : [];
    } catch (error) {
      log.warn(`The models could not be read: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    }
  }
}

/** Shows the preset as text in the place of its form. */
export async function openAsText(uri: Uri, line?: number): Promise<void> {
  const at = line === undefined ? undefined : new Position(line - 1, 0);
  await replaceTab(uri, async (viewColumn) => {
    await window.showTextDocument(uri, {
      preview: false,
      ...(viewColumn ? { viewColumn } : {}),
      ...(at ? { selection: new Range(at, at) } : {}),
    });
  });
}

export async function openAsForm(uri: Uri): Promise<void> {
  await replaceTab(uri, async (viewColumn) => {
    await commands.executeCommand('vscode.openWith', uri, PRESET_EDITOR, viewColumn);
  });
}

/**
 * Opens another view of `uri`, then closes the tab it takes the place of. The document stays open throughout, so nothing is lost.
 * With unsaved changes both stay: VS Code would ask whether to save them before it closes one, although the other has them too.
 */
async function replaceTab(uri: Uri, open: (viewColumn: number | undefined) => Promise<void>): Promise<void> {
  const group = window.tabGroups.activeTabGroup;
  const before = group.tabs.filter(
    (tab) => (tab.input as { uri?: Uri } | undefined)?.uri?.toString() === uri.toString(),
  );
  const column = before.length > 0 ? group.viewColumn : undefined;
  await open(column);
  const active = window.tabGroups.activeTabGroup.activeTab;
  await window.tabGroups.close(
    before.filter((tab) => tab !== active && !tab.isActive && !tab.isDirty),
    true,
  );
}

export function registerPresetEditor(provider: PresetEditorProvider): Disposable {
  return window.registerCustomEditorProvider(PRESET_EDITOR, provider, { webviewOptions: { enableFindWidget: true } });
}
