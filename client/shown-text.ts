import { EventEmitter, languages, type TextDocumentContentProvider, Uri, window, workspace } from 'vscode';

/** A read-only document that is shown again in its place, with another text, each time. */
export class ShownText implements TextDocumentContentProvider {
  readonly #changed = new EventEmitter<Uri>();
  readonly onDidChange = this.#changed.event;
  readonly #uri: Uri;
  readonly #language: string;
  readonly #registered: { dispose(): void };
  #text = '';

  /** @param name its tab's title */
  constructor(scheme: string, name: string, language: string) {
    this.#uri = Uri.from({ scheme, path: `/${name}` });
    this.#language = language;
    this.#registered = workspace.registerTextDocumentContentProvider(scheme, this);
  }

  provideTextDocumentContent(): string {
    return this.#text;
  }

  async show(text: string): Promise<void> {
    this.#text = text;
    this.#changed.fire(this.#uri);
    const document = await workspace.openTextDocument(this.#uri);
    if (document.languageId !== this.#language) await languages.setTextDocumentLanguage(document, this.#language);
    await window.showTextDocument(document, { preview: false });
  }

  dispose(): void {
    this.#registered.dispose();
    this.#changed.dispose();
  }
}
