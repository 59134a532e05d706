import type { FastifyInstance } from 'fastify';
import type { Log } from '../observe/log.ts';
import type { ConfigStanding, DaemonInfo, HandoffAnswer, HandoffRequest } from '../protocol.ts';
import type { Config } from './config-schema.ts';
import type { Vault } from './vault.ts';

/** What the lifecycle hands to whatever builds the daemon's insides. */
export type ComposeOptions = {
  readonly state: string;
  readonly config: Config;
  readonly managementKey: string;
  readonly vault: Vault;
  readonly log: Log;
  readonly now: () => Date;
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds of silence in a stream before a comment is sent; absent: ten seconds. */
  readonly keepAliveMs?: number;
  /** In [0, 1): chooses among endpoints; Math.random when absent. */
  readonly random?: () => number;
  /** What daemon.json says; null until it is written. */
  readonly info: () => DaemonInfo | null;
  /** Begins the drain, soon enough after the answer to the request that asks for it. */
  readonly requestStop: () => void;
  readonly configStanding: () => ConfigStanding;
  /** Reads config.yaml again, and puts it in place if it is valid. */
  readonly reloadConfig: () => ConfigStanding;
  /** Begins to give this daemon's place to another one. */
  readonly handOff: (request: HandoffRequest) => HandoffAnswer;
  /** Whether this daemon was started by a program that needed it. */
  readonly onDemand: boolean;
  /** The version it is being given to. */
  readonly handingOverTo: () => string | null;
};

/** The daemon's insides: an app that does not listen yet, over an open store. */
export type Composition = {
  readonly app: FastifyInstance;
  /** Told once the port is known, before the first request is let in. */
  readonly setBaseUrl: (url: string) => void;
  /** Puts another configuration in place for the calls that come from now on; throws when it cannot, and has then changed nothing. */
  readonly reconfigure: (config: Config) => void;
  /** Tells the editors that config.yaml was read again. */
  readonly tellConfig: (standing: ConfigStanding) => void;
  /** Calls that have reserved and not settled yet, those whose callers have gone included. */
  readonly inFlight: () => number;
  /** When a key other than the editor's was last used or made; null: there is none. */
  readonly lastProgramUse: () => Promise<Date | null>;
  /** Sends the editors away, to connect again to the daemon that takes over. */
  readonly dismissEditors: () => void;
  /** Makes a first API key, unless there is one; asked for only where a person will see it, for it is shown once. */
  readonly mintFirstKey: () => Promise<string | null>;
  /** Closes the store; called after the last request has ended. */
  readonly close: () => Promise<void>;
};

export type Compose = (options: ComposeOptions) => Promise<Composition>;
