import { EventEmitter, type TextDocumentContentProvider, Uri, window, workspace } from 'vscode';

/** A read-only document that is shown again in its place, with another text, each time. */
export class ShownText implements TextDocumentContentProvider {
  readonly #changed = new EventEmitter<Uri>();
  readonly onDidChange = this.#changed.event;
  readonly #uri: Uri;
  readonly #registered: { dispose(): void };
  #text = '';

  /** @param name its tab's title; its ending says the language */
  constructor(scheme: string, name: string) {
    this.#uri = Uri.from({ scheme, path: `/${name}` });
    this.#registered = workspace.registerTextDocumentContentProvider(scheme, this);
  }

  provideTextDocumentContent(): string {
    return this.#text;
  }

  async show(text: string): Promise<void> {
    this.#text = text;
    this.#changed.fire(this.#uri);
    const document = await workspace.openTextDocument(this.#uri);
    await window.showTextDocument(document, { preview: false });
  }

  dispose(): void {
    this.#registered.dispose();
    this.#changed.dispose();
  }
}
