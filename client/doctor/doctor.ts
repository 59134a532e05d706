import {
  EventEmitter,
  l10n,
  languages,
  ProgressLocation,
  type TextDocumentContentProvider,
  Uri,
  window,
  workspace,
} from 'vscode';
import type { Callgate } from '../callgate.ts';
import { type Command, showRefusal } from '../commands.ts';
import { reportText } from './report-text.ts';

const SCHEME = 'callgate-doctor';
const REPORT = Uri.from({ scheme: SCHEME, path: '/Callgate Doctor.md' });

/** The last report, in one document: asked again, it is shown anew in the same place. */
export class DoctorDocument implements TextDocumentContentProvider {
  readonly #changed = new EventEmitter<Uri>();
  readonly onDidChange = this.#changed.event;
  readonly #registered = workspace.registerTextDocumentContentProvider(SCHEME, this);
  #text = '';

  provideTextDocumentContent(): string {
    return this.#text;
  }

  async show(text: string): Promise<void> {
    this.#text = text;
    this.#changed.fire(REPORT);
    const document = await workspace.openTextDocument(REPORT);
    if (document.languageId !== 'markdown') await languages.setTextDocumentLanguage(document, 'markdown');
    await window.showTextDocument(document, { preview: false });
  }

  dispose(): void {
    this.#registered.dispose();
    this.#changed.dispose();
  }
}

export function doctorCommands({ api }: Callgate, document: DoctorDocument): Readonly<Record<string, Command>> {
  return {
    doctor: {
      needs: ['daemon'],
      run: () =>
        window.withProgress(
          {
            location: ProgressLocation.Notification,
            title: l10n.t('Examining the daemon and its providers…'),
            cancellable: true,
          },
          async (_progress, token) => {
            const abort = new AbortController();
            token.onCancellationRequested(() => abort.abort());
            try {
              const answer = await api.doctor({}, abort.signal);
              if (answer.kind === 'refused') await showRefusal(answer);
              else await document.show(reportText(answer.value));
            } catch (error) {
              if (!abort.signal.aborted) throw error;
            }
          },
        ),
    },
  };
}
