import { workspace } from 'vscode';

/** The person's settings; all are of the machine, so no repository can move the daemon or choose what runs it. */
export type Settings = {
  /** Absolute path of the state folder; undefined: `CALLGATE_HOME` or the platform's convention. */
  readonly state: string | undefined;
  /** Port of a daemon that we start; undefined: its own configuration decides. */
  readonly port: number | undefined;
  /** Path of the Node that runs it; undefined: whichever is found. */
  readonly node: string | undefined;
};

export function readSettings(): Settings {
  const section = workspace.getConfiguration('callgate');
  return {
    state: section.get<string>('state')?.trim() || undefined,
    port: section.get<number | null>('port') ?? undefined,
    node: section.get<string>('node')?.trim() || undefined,
  };
}

/** Whether a change of settings asks for another daemon, so that the connection must start over. */
export function asksForAnotherDaemon(before: Settings, after: Settings): boolean {
  return before.state !== after.state || before.port !== after.port || before.node !== after.node;
}
