/**
 * `npm run ide`: the extension on a copy of the sample workspace, in the desktop VS Code where there is one, else in a VS Code
 * server whose address it prints. The daemon is the person's own, unless CALLGATE_HOME names another state folder.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chooseHost } from './host/desktop.mts';
import { ROOT } from './host/paths.mts';
import { createSandbox, type Sandbox } from './host/sandbox.mts';
import { startServer } from './host/server.mts';
import { windowUrl } from './host/window.mts';

const say = (line: string) => console.log(`[ide] ${line}`);

/** Until Ctrl-C, or a second one that does not wait. */
const interrupted = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
});

async function onDesktop(executable: string, sandbox: Sandbox): Promise<void> {
  say(`VS Code: ${executable}`);
  const window = spawn(
    executable,
    [
      `--extensionDevelopmentPath=${ROOT}`,
      `--user-data-dir=${sandbox.userData}`,
      `--extensions-dir=${sandbox.extensions}`,
      ...['--skip-welcome', '--skip-release-notes', '--disable-workspace-trust', '--new-window', sandbox.workspace],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const closed = Promise.race([once(window, 'exit'), once(window, 'error').then(([error]) => Promise.reject(error))]);
  await Promise.race([closed, interrupted]);
  if (window.exitCode === null && window.kill()) await closed;
}

async function onServer(sandbox: Sandbox): Promise<void> {
  const { userData, extensions, workspace } = sandbox;
  const server = await startServer({ userData, extensions, env: process.env, trusted: true, say });
  try {
    say('open this in a browser (its token lets whoever has it into this account), Ctrl-C to stop:');
    console.log(windowUrl(server, { workspace, extensions: [ROOT] }));
    await Promise.race([interrupted, server.ended]);
  } finally {
    await server.stop();
  }
}

const host = await chooseHost();
const sandbox = await createSandbox();
try {
  say(`sample workspace: ${sandbox.workspace}`);
  if (host.kind === 'desktop') await onDesktop(host.executable, sandbox);
  else {
    say(`VS Code: the server (${host.why})`);
    await onServer(sandbox);
  }
} finally {
  await sandbox.dispose();
}
