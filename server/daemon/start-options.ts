import type { ExitCode } from '../cli/exit-codes.ts';
import type { DaemonHandle } from '../ensure-daemon.ts';
import type { DaemonInfo } from '../protocol.ts';
import type { Compose } from './composition.ts';
import type { LogFile } from './logs.ts';
import type { Succession } from './succession.ts';

export type StartOptions = {
  readonly state: string;
  readonly host?: string | undefined;
  /** 0 takes a free one; absent: config.yaml's, else 4141. */
  readonly port?: number | undefined;
  /** Another file than the state folder's config.yaml; it must exist. */
  readonly config?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly compose: Compose;
  /** Started by a program that needed it, not by a person or a service manager: nobody waits for this very process. */
  readonly onDemand?: boolean | undefined;
  /** Wait for the daemon that runs to end, and take its place then. */
  readonly standby?: boolean | undefined;
  /** Present when it is to follow a daemon that runs, on the same sockets. */
  readonly succession?: Succession | undefined;
  /** Told once when another daemon holds the folder and does not answer, which is most often one that is stopping. */
  readonly onWait?: (pid: number | null) => void;
};

export type StartResult =
  | { readonly kind: 'started'; readonly daemon: RunningDaemon }
  | { readonly kind: 'already_running'; readonly daemon: DaemonHandle }
  | { readonly kind: 'invalid_config'; readonly problems: readonly string[] }
  | { readonly kind: 'refused'; readonly message: string; readonly remedy: string; readonly exitCode: ExitCode };

export type RunningDaemon = {
  readonly info: DaemonInfo;
  /** Makes a first API key to be shown, unless there is one. */
  readonly mintFirstKey: () => Promise<string | null>;
  readonly log: LogFile;
  /** Drains (at most 30 s), then closes all. Asked again, it cuts what is still in flight. */
  readonly stop: (why: string) => void;
  /** Reads config.yaml again. */
  readonly reload: (why: string) => void;
  /** Resolves when everything is closed and the lock is free, or another daemon has it and has ended: with the exit code. */
  readonly closed: Promise<number>;
};
