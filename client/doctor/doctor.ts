import { l10n, ProgressLocation, window } from 'vscode';
import type { Callgate } from '../callgate.ts';
import { type Command, showRefusal } from '../commands.ts';
import type { ShownText } from '../shown-text.ts';
import { reportText } from './report-text.ts';

export function doctorCommands({ api }: Callgate, document: ShownText): Readonly<Record<string, Command>> {
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
