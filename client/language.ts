import { type LogOutputChannel, workspace } from 'vscode';
import { CloseAction, ErrorAction, LanguageClient, RevealOutputChannelOn } from 'vscode-languageclient/node';
import { WebSocket } from 'ws';
import type * as z from 'zod/mini';
import type { DaemonHandle } from '../server/ensure-daemon.ts';
import {
  BEHAVIOR_MOVED,
  type BehaviorMoved,
  behaviorMoved,
  CALL_FINISHED,
  type CallFinished,
  CHANGED,
  type Changed,
  CONFIG_READ,
  type ConfigStanding,
  callFinished,
  configStanding,
  KEY_RAN_AWAY,
  type KeyRanAway,
  keyRanAway,
  type LanguageOptions,
  LSP_PATH,
  LSP_SUBPROTOCOL,
  PERMIT_ASKED,
  PERMIT_ENDED,
  type PermitEnded,
  type PermitRequest,
  permitEnded,
  permitRequest,
  TRUSTED,
} from '../server/protocol.ts';
import type { Session, SessionEnd } from './connection.ts';
import { WebSocketReader, WebSocketWriter } from './web-socket-transport.ts';

export type LanguageEvents = {
  readonly onCallFinished: (call: CallFinished) => void;
  readonly onChanged: (changed: Changed) => void;
  readonly onConfig: (standing: ConfigStanding) => void;
  readonly onPermitAsked: (request: PermitRequest) => void;
  readonly onPermitEnded: (ended: PermitEnded) => void;
  readonly onKeyRanAway: (key: KeyRanAway) => void;
  readonly onBehaviorMoved: (behavior: BehaviorMoved) => void;
};

/** Direct calls, secrets and `@preset/…` may stand in any language; other schemes are views of ours or of git. */
const DOCUMENTS = [{ scheme: 'file' }, { scheme: 'untitled' }, { scheme: 'vscode-vfs' }];
const HANDSHAKE_TIMEOUT = 5000;
const MAX_PAYLOAD = 64 * 1024 * 1024;
/** RFC 6455 §7.4.1: the other side is going away, here because somebody stopped the daemon. */
const GOING_AWAY = 1001;

/** Opens the language connection: one WebSocket, one LanguageClient. Throws when either cannot be opened. */
export async function attachLanguage(
  daemon: DaemonHandle,
  log: LogOutputChannel,
  events: LanguageEvents,
  signal: AbortSignal,
): Promise<Session> {
  const socket = await openSocket(daemon, signal);
  const ended = new Promise<SessionEnd>((resolve) => {
    socket.once('close', (code, reason) => {
      resolve({ deliberate: code === GOING_AWAY, reason: `closed with ${code} ${reason.toString()}`.trim() });
    });
  });
  const client = new LanguageClient(
    'callgate',
    'Callgate',
    async () => ({ reader: new WebSocketReader(socket), writer: new WebSocketWriter(socket), detached: true }),
    {
      documentSelector: [...DOCUMENTS],
      initializationOptions: { trusted: workspace.isTrusted } satisfies LanguageOptions,
      outputChannel: log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      progressOnInitialization: false,
      initializationFailedHandler: () => false,
      // Our own supervisor restarts, as it must find or start the daemon first; `handled` keeps the library from popping up.
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: async () => {
          const { reason } = await ended;
          return {
            action: CloseAction.DoNotRestart,
            handled: true,
            message: `The language connection ended: ${reason}`,
          };
        },
      },
    },
  );
  client.onNotification(CALL_FINISHED, (params: unknown) => {
    const call = callFinished.safeParse(params);
    if (call.success) events.onCallFinished(call.data);
    else log.warn(`A ${CALL_FINISHED} that this version cannot read: ${call.error.message}`);
  });
  client.onNotification(CONFIG_READ, (params: unknown) => {
    const standing = configStanding.safeParse(params);
    if (standing.success) events.onConfig(standing.data);
  });
  const hear = <T>(method: string, schema: z.ZodMiniType<T>, told: (params: T) => void) =>
    client.onNotification(method, (params: unknown) => {
      const read = schema.safeParse(params);
      if (read.success) told(read.data);
      else log.warn(`A ${method} that this version cannot read: ${read.error.message}`);
    });
  hear(PERMIT_ASKED, permitRequest, events.onPermitAsked);
  hear(PERMIT_ENDED, permitEnded, events.onPermitEnded);
  hear(KEY_RAN_AWAY, keyRanAway, events.onKeyRanAway);
  hear(BEHAVIOR_MOVED, behaviorMoved, events.onBehaviorMoved);
  client.onNotification(CHANGED, (params: Changed) => events.onChanged(params));
  try {
    await client.start();
  } catch (error) {
    socket.terminate();
    throw error;
  }
  const trustGranted = workspace.onDidGrantWorkspaceTrust(() => void client.sendNotification(TRUSTED));
  return {
    ended,
    dispose: async () => {
      trustGranted.dispose();
      // Fails when the daemon is gone already, which is what is wanted.
      await client.dispose().catch(() => undefined);
      socket.close(1000);
    },
  };
}

function openSocket(daemon: DaemonHandle, signal: AbortSignal): Promise<WebSocket> {
  const socket = new WebSocket(`${daemon.url.replace(/^http/, 'ws')}${LSP_PATH}`, LSP_SUBPROTOCOL, {
    headers: { authorization: `Bearer ${daemon.token}` },
    handshakeTimeout: HANDSHAKE_TIMEOUT,
    maxPayload: MAX_PAYLOAD,
    perMessageDeflate: false,
  });
  return new Promise((resolve, reject) => {
    const abort = () => socket.terminate();
    signal.addEventListener('abort', abort, { once: true });
    socket.once('open', () => {
      signal.removeEventListener('abort', abort);
      socket.off('error', reject);
      // A socket without an error listener would throw; what failed is told by the close that follows.
      socket.on('error', () => undefined);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}
