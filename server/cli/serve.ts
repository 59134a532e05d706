import { type Command, Option } from 'commander';
import type { Compose } from '../daemon/composition.ts';
import type { RunningDaemon } from '../daemon/start-options.ts';
import { API, type DaemonInfo } from '../protocol.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { addCommand, callgateCommand, type Globals, globalsOf } from './globals.ts';
import { facts, note, print } from './output.ts';
import { parsePort } from './values.ts';

type ServeOptions = {
  readonly host?: string;
  readonly port?: number;
  readonly config?: string;
  readonly onDemand?: boolean;
  readonly standby?: boolean;
  readonly successor?: boolean;
};

/** Two signals this near are one Ctrl-C, which the terminal and npm both pass on. */
const SAME_SIGNAL_MS = 300;
/** How long a daemon told twice to end may still take to close its store. */
const LAST_WORDS_MS = 2_000;

/** @param compose loads what makes up the daemon; only this command needs it, and it is large. */
export function addServe(program: Command, compose: () => Promise<Compose>): void {
  addCommand(program, 'serve', 'run the daemon, in the foreground')
    .option('--host <address>', 'listen on this address besides the loopback ones (needs server.allowed_hosts)')
    .option('--port <port>', 'default: server.port in config.yaml, else 4141; 0 takes a free one', parsePort)
    .option('--config <file>', 'default: config.yaml in the state folder')
    .addOption(new Option('--on-demand', 'started by a program: end when nobody needs it any more').hideHelp())
    .addOption(new Option('--standby', 'wait for the running daemon to end, then take its place').hideHelp())
    .addOption(new Option('--successor', 'follow the daemon that started it').hideHelp())
    .action(async ({ successor, ...options }: ServeOptions, command: Command) => {
      const globals = globalsOf(command);
      const { startDaemon } = await import('../daemon/daemon.ts');
      const { Succession } = await import('../daemon/succession.ts');
      const result = await startDaemon({
        ...options,
        succession: successor ? new Succession() : undefined,
        state: globals.state,
        env: process.env,
        compose: await compose(),
        onWait: (pid) => note(`Waiting for the daemon${pid === null ? '' : ` with pid ${pid}`} that is stopping…`),
      });
      switch (result.kind) {
        case 'invalid_config':
          throw new CommandFailure(result.problems.join('\n'), null, EXIT.usage);
        case 'refused':
          throw new CommandFailure(result.message, result.remedy, result.exitCode);
        case 'already_running':
          return tellRunning(globals, result.daemon);
        case 'started':
          // Where nobody reads it, a key that is shown once would be a key that nobody has.
          if (globals.json || !(successor || options.onDemand || options.standby))
            await tellStarted(globals, result.daemon);
          return untilStopped(result.daemon);
      }
    });
}

function tellRunning({ json, state }: Globals, daemon: Pick<DaemonInfo, 'url' | 'pid' | 'state' | 'version'>): void {
  const { url, pid, version } = daemon;
  if (json) print(JSON.stringify({ url, pid, state, version, already_running: true }));
  else print(`Callgate already runs at ${url} (pid ${pid}).`);
}

async function tellStarted({ json, state }: Globals, { info, mintFirstKey }: RunningDaemon): Promise<void> {
  const { url, pid, version } = info;
  if (json) {
    print(JSON.stringify({ url, pid, state, version }));
    return;
  }
  const base = `${url}${API}`;
  const first = await mintFirstKey();
  print(`Callgate ${version} is ready.\n`);
  const key = first ? `${first}  (shown this once)` : `${callgateCommand(state)} keys create --name my-program`;
  print(
    facts([
      ['Base URL', base],
      [first ? 'API key' : 'New key', key],
      ['State', state],
    ]),
  );
  if (first) print(`\nTry it:\n\n${curlLine(base, first)}\n`);
}

/** One line to paste that streams an answer; cmd.exe knows no single quotes. */
function curlLine(base: string, key: string): string {
  const body = JSON.stringify({
    model: '@preset/hello',
    stream: true,
    messages: [{ role: 'user', content: 'Hello!' }],
  });
  const quoted = process.platform === 'win32' ? `"${body.replaceAll('"', '\\"')}"` : `'${body}'`;
  return `curl -N ${base}/chat/completions -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" -d ${quoted}`;
}

/** Runs until a signal or a request ends it; then the process ends, whatever timers are left. */
async function untilStopped(daemon: RunningDaemon): Promise<void> {
  const { log } = daemon;
  let first: number | null = null;
  const onSignal = (signal: string) => {
    if (first === null) {
      first = Date.now();
      note('Stopping: waiting for calls in flight. Again to cut them.');
    } else if (Date.now() - first < SAME_SIGNAL_MS) {
      return;
    } else {
      setTimeout(() => process.exit(EXIT.failed), LAST_WORDS_MS).unref();
    }
    daemon.stop(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, onSignal);
  // Of a daemon in a terminal it means that the terminal has gone; of any other, by custom, that its configuration has changed.
  const ownsTerminal = process.stdin.isTTY || process.stdout.isTTY || process.platform === 'win32';
  process.on('SIGHUP', ownsTerminal ? onSignal : () => daemon.reload('SIGHUP'));
  // The terminal may be gone long before the daemon is.
  process.stdout.removeAllListeners('error');
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  process.on('uncaughtException', (error) => {
    log.error('crash', { error });
    log.close();
    note(`callgate: ${error instanceof Error ? error.stack : String(error)}`);
    process.exit(EXIT.failed);
  });
  process.exit(await daemon.closed);
}
