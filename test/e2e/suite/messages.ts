import * as vscode from 'vscode';

export type Said = {
  readonly severity: 'error' | 'warning' | 'information';
  readonly text: string;
  readonly items: readonly string[];
};

type Show = (text: string, ...rest: unknown[]) => Thenable<unknown>;

/**
 * Hears the messages that the extension shows, which are shown as ever; this suite and the extension share one API object.
 * `answer` presses a button in place of the person (null: leaves the message alone).
 */
export class Messages {
  readonly said: Said[] = [];
  readonly #spoken = new vscode.EventEmitter<Said>();
  readonly onSaid = this.#spoken.event;
  readonly #restore: () => void;
  answer: (said: Said) => string | null = () => null;

  constructor() {
    const api = vscode.window as unknown as Record<string, Show>;
    const kinds = {
      showErrorMessage: 'error',
      showWarningMessage: 'warning',
      showInformationMessage: 'information',
    } as const;
    const originals = Object.entries(kinds).map(([name, severity]) => {
      const original = api[name] as Show;
      api[name] = (text, ...rest) => {
        const items = rest.filter((item) => typeof item === 'string');
        const said: Said = { severity, text, items };
        this.said.push(said);
        const pressed = this.answer(said);
        const shown = pressed === null ? original.call(vscode.window, text, ...rest) : Promise.resolve(pressed);
        this.#spoken.fire(said);
        return shown;
      };
      return [name, original] as const;
    });
    this.#restore = () => {
      for (const [name, original] of originals) api[name] = original;
    };
  }

  /** Closes them all, as pressing their crosses does. */
  async dismiss(): Promise<void> {
    await vscode.commands.executeCommand('notifications.clearAll');
  }

  async dispose(): Promise<void> {
    this.#restore();
    await this.dismiss();
    this.#spoken.dispose();
  }
}
