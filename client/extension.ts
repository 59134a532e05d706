import { commands, Disposable, type ExtensionContext, window } from 'vscode';
import type { ConfigStanding } from '../server/protocol.ts';
import { Api } from './api.ts';
import { approvalCommands } from './approvals/approval-commands.ts';
import { ApprovalStatus } from './approvals/approval-status.ts';
import { Approvals } from './approvals/approvals.ts';
import { showBehaviorMoved } from './approvals/behavior-notice.ts';
import type { Callgate } from './callgate.ts';
import { registerCommands } from './commands.ts';
import { completionCommands } from './completions/completion-commands.ts';
import { CompletionRunner } from './completions/runner.ts';
import { ConfigNotice } from './config-notice.ts';
import { Connection, type ConnectionState } from './connection.ts';
import { connectionParts, followSettings, runCallgate } from './connection-parts.ts';
import { daemonCommands } from './daemon-commands.ts';
import { detectCommands } from './detect/detect-commands.ts';
import { doctorCommands } from './doctor/doctor.ts';
import type { LanguageEvents } from './language.ts';
import { policyCommands } from './policy/policy-commands.ts';
import { PresetEditorProvider, registerPresetEditor } from './presets/editor.ts';
import { presetCommands } from './presets/preset-commands.ts';
import { ServiceOffer, serviceCommands } from './service.ts';
import { ShownText } from './shown-text.ts';
import { keyCommands } from './spend/key-commands.ts';
import { Spend } from './spend/spend.ts';
import { SpendTreeProvider } from './spend/tree.ts';
import { Status } from './status.ts';

/** For tests and other extensions. */
export type CallgateExports = {
  /** Resolves when the daemon runs and is attached; rejects when it cannot be. */
  readonly ready: () => Promise<void>;
  readonly api: Api;
  readonly state: () => ConnectionState;
  readonly spend: Spend;
  readonly approvals: Approvals;
};

/** Composes the features. Waits for nothing: the daemon is found or started meanwhile. */
export function activate(context: ExtensionContext): CallgateExports {
  const log = window.createOutputChannel('Callgate', { log: true });
  const api = new Api(() => connection.ready());
  const spend = new Spend(() => api.spend(), log);
  const status = new Status(spend);
  const config = new ConfigNotice();
  const onConfig = (standing: ConfigStanding) => void config.show(standing);
  const approvals = new Approvals(api, log);
  const events: LanguageEvents = {
    onCallFinished: () => spend.refreshSoon(),
    onChanged,
    onConfig,
    onPermitAsked: (request) => approvals.asked(request),
    onPermitEnded: (ended) => approvals.ended(ended),
    onKeyRanAway: (key) => {
      spend.refreshSoon();
      void approvals.ranAway(key);
    },
    onBehaviorMoved: (behavior) => {
      spend.refreshSoon();
      void showBehaviorMoved(behavior);
    },
  };
  const connection: Connection = new Connection(connectionParts(context, log, events), onState);
  const callgate: Callgate = { extensionUri: context.extensionUri, log, connection, api, spend };
  const presetEditor = new PresetEditorProvider(callgate);
  const runner = new CompletionRunner(callgate);
  const tree = new SpendTreeProvider(spend, approvals);
  const view = window.createTreeView('callgate.spend', { treeDataProvider: tree });
  const service = new ServiceOffer({ memory: context.globalState, callgate: (args) => runCallgate(context, args) });
  const doctor = new ShownText('callgate-doctor', 'Callgate Doctor.md');
  const plan = new ShownText('callgate-plan', 'callgate.yaml.diff');

  function onState(state: ConnectionState): void {
    status.show(state);
    void commands.executeCommand('setContext', 'callgate.daemon', state.kind);
    if (state.kind === 'running') {
      log.info(
        `Attached to the daemon at ${state.handle.url} (pid ${state.handle.pid}, version ${state.handle.version})`,
      );
      spend.refreshSoon();
      presetEditor.offerModels();
      void showConfig();
      approvals.refresh().catch((error: unknown) => log.warn(`Who waits for a permit is not known: ${String(error)}`));
    } else if (state.kind === 'failed') {
      log.error(state.failure.message, state.failure.detail ?? '');
    }
    if (state.kind === 'failed' || state.kind === 'stopped') spend.clear();
    if (state.kind !== 'running') approvals.clear();
  }

  /** What was read before this window was attached is not told again. */
  async function showConfig(): Promise<void> {
    const status = await api.status().catch(() => null);
    if (status?.kind !== 'ok') return;
    const { config_path: path = '', config_error: error = null, config_restart: restart = [] } = status.value;
    onConfig({ path, problems: error === null ? [] : error.split('\n'), restart });
  }

  function onChanged(): void {
    spend.refreshSoon();
    presetEditor.offerModels();
  }

  context.subscriptions.push(
    log,
    spend,
    status,
    runner,
    tree,
    doctor,
    plan,
    approvals,
    new ApprovalStatus(approvals),
    view,
    approvals.onDidChange(() => {
      view.badge = tree.badge;
    }),
    registerPresetEditor(presetEditor),
    registerCommands(callgate, {
      ...daemonCommands(callgate),
      ...keyCommands(callgate, service),
      ...serviceCommands(service),
      ...presetCommands(callgate),
      ...completionCommands(callgate, runner),
      ...doctorCommands(callgate, doctor),
      ...detectCommands(callgate),
      ...policyCommands(callgate, plan),
      ...approvalCommands(approvals),
    }),
    spend.onDidChange(() => {
      void commands.executeCommand('setContext', 'callgate.noKeys', spend.tree !== null && spend.keys.length === 0);
    }),
    followSettings(connection),
    new Disposable(() => void connection.dispose()),
  );
  connection.start();
  return {
    ready: async () => void (await connection.ready()),
    api,
    state: () => connection.state,
    spend,
    approvals,
  };
}
