import { commands, Disposable, Range, type TextDocument, type WebviewPanel, WorkspaceEdit, workspace } from 'vscode';
import { applyChanges } from '../../server/presets/text-change.ts';
import type { ModelChoice } from '../catalogue.ts';
import { readForm } from './fields.ts';
import { changesOf } from './form-edit.ts';
import { type FormEdit, type FromForm, fromForm, type ToForm } from './messages.ts';

export type FormActions = {
  readonly models: () => Promise<readonly ModelChoice[]>;
  readonly openText: (line: number | undefined) => void;
  readonly run: () => void;
  readonly publish: () => void;
  readonly warn: (message: string) => void;
};

/**
 * One form over one document. The text is the truth: the form's edits become the least changes of it, and whatever changes it
 * (the form, undo, another editor, git) is shown by the form. Edits are taken one after another, each against the text as it
 * then is; an edit of a state that somebody else has changed meanwhile is turned down, and the form shown anew.
 */
export class FormSession {
  readonly #document: TextDocument;
  readonly #panel: WebviewPanel;
  readonly #actions: FormActions;
  readonly #disposable: Disposable;
  #queue: Promise<void> = Promise.resolve();
  #acknowledged = 0;
  /** The version that the last change not made by this form led to. */
  #foreign: number;
  /** The text that our own edit in progress leads to. */
  #expected: string | null = null;

  constructor(document: TextDocument, panel: WebviewPanel, actions: FormActions) {
    this.#document = document;
    this.#panel = panel;
    this.#actions = actions;
    this.#foreign = document.version;
    this.#disposable = Disposable.from(
      panel.webview.onDidReceiveMessage((message) => this.#receive(message)),
      workspace.onDidChangeTextDocument((event) => {
        if (event.document !== document || event.contentChanges.length === 0) return;
        if (document.getText() === this.#expected) return;
        this.#foreign = document.version;
        this.#show();
      }),
    );
  }

  async offerModels(): Promise<void> {
    this.#post({ type: 'models', models: await this.#actions.models() });
  }

  dispose(): void {
    this.#disposable.dispose();
  }

  #receive(raw: unknown): void {
    const message = fromForm.safeParse(raw);
    if (!message.success) {
      this.#actions.warn(`The preset form sent a message that is none: ${message.error.message}`);
      return;
    }
    // In turn with the edits: an undo that overtook them would undo something else.
    this.#queue = this.#queue
      .then(() => this.#handle(message.data))
      .catch((error) =>
        this.#actions.warn(`The preset form failed: ${error instanceof Error ? error.stack : String(error)}`),
      );
  }

  async #handle(message: FromForm): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.#acknowledged = 0;
        this.#show();
        void this.offerModels();
        return;
      case 'edit':
        return this.#edit(message);
      case 'undo':
      case 'redo':
        await commands.executeCommand(message.type);
        return;
      case 'openText':
        return this.#actions.openText(message.line);
      case 'run':
        return this.#actions.run();
      case 'publish':
        return this.#actions.publish();
    }
  }

  async #edit(edit: FormEdit): Promise<void> {
    const document = this.#document;
    if (edit.version >= this.#foreign) {
      const text = document.getText();
      const changes = changesOf(text, edit);
      if (changes.length > 0) {
        const workspaceEdit = new WorkspaceEdit();
        for (const { start, end, text: inserted } of changes) {
          workspaceEdit.replace(
            document.uri,
            new Range(document.positionAt(start), document.positionAt(end)),
            inserted,
          );
        }
        this.#expected = applyChanges(text, changes);
        try {
          // False when the text changed under us; what is then shown is that text.
          await workspace.applyEdit(workspaceEdit);
        } finally {
          this.#expected = null;
        }
      }
    }
    this.#acknowledged = edit.number;
    this.#show();
  }

  #show(): void {
    const { version } = this.#document;
    this.#post({ type: 'document', version, acknowledged: this.#acknowledged, ...readForm(this.#document.getText()) });
  }

  #post(message: ToForm): void {
    void this.#panel.webview.postMessage(message);
  }
}
