import type { LogOutputChannel, Uri } from 'vscode';
import type { Api } from './api.ts';
import type { Connection } from './connection.ts';
import type { Spend } from './spend/spend.ts';

/** What every feature of the extension is given; made once by `activate`. */
export type Callgate = {
  readonly extensionUri: Uri;
  readonly log: LogOutputChannel;
  readonly connection: Connection;
  readonly api: Api;
  readonly spend: Spend;
};
