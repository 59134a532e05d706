import { env, l10n, window } from 'vscode';
import type { Callgate } from './callgate.ts';
import { type Command, showProblem } from './commands.ts';

export function daemonCommands(callgate: Callgate): Readonly<Record<string, Command>> {
  const { connection, log, spend, api } = callgate;
  return {
    startDaemon: { run: () => connection.start() },
    restartDaemon: { run: () => connection.restart() },
    stopDaemon: { run: () => connection.stop() },
    showProblem: { run: () => showProblem(connection) },
    showLog: { run: () => log.show(true) },
    refresh: { needs: ['daemon'], run: () => spend.refresh() },
    copyBaseUrl: {
      needs: ['daemon'],
      run: async () => {
        const url = await api.baseUrl();
        await env.clipboard.writeText(url);
        window.setStatusBarMessage(l10n.t('Copied {0}', url), 4000);
      },
    },
  };
}
