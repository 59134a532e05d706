import { EventEmitter, type LogOutputChannel, l10n, window } from 'vscode';
import type { KeyRanAway, PermitDecision, PermitEnded, PermitRequest } from '../../server/protocol.ts';
import type { Api } from '../api.ts';
import { showRefusal } from '../commands.ts';
import { askTaskBound } from './ask-task-bound.ts';
import { permitDetail, permitQuestion } from './permit-text.ts';

export type ApprovalsApi = Pick<Api, 'permitRequests' | 'answerPermit' | 'releaseKey'>;

/** Calls that wait for a person, and the person's answers. Every window is asked; the first answer wins. */
export class Approvals {
  readonly #api: ApprovalsApi;
  readonly #log: LogOutputChannel;
  readonly #changed = new EventEmitter<void>();
  readonly onDidChange = this.#changed.event;
  readonly #pending = new Map<string, PermitRequest>();
  /** Those that this window has been asked about. */
  readonly #shown = new Set<string>();

  constructor(api: ApprovalsApi, log: LogOutputChannel) {
    this.#api = api;
    this.#log = log;
  }

  /** The longest waiting first. */
  get pending(): readonly PermitRequest[] {
    return [...this.#pending.values()];
  }

  /** A call waits, or another has joined it. */
  asked(request: PermitRequest): void {
    this.#pending.set(request.id, request);
    this.#changed.fire();
    if (this.#shown.has(request.id)) return;
    this.#shown.add(request.id);
    this.#ask(request).catch((error: unknown) => this.#log.warn(`A permit could not be asked for: ${String(error)}`));
  }

  ended({ id }: PermitEnded): void {
    this.#shown.delete(id);
    if (this.#pending.delete(id)) this.#changed.fire();
  }

  /** Asks the daemon who waits: this window may have come later. */
  async refresh(): Promise<void> {
    const answer = await this.#api.permitRequests();
    if (answer.kind === 'refused') return;
    const waiting = new Set(answer.value.map(({ id }) => id));
    for (const id of this.#pending.keys()) if (!waiting.has(id)) this.ended({ id, outcome: 'gone' });
    for (const request of answer.value) this.asked(request);
  }

  /** The daemon is gone, and whoever waited with it. */
  clear(): void {
    this.#pending.clear();
    this.#shown.clear();
    this.#changed.fire();
  }

  /** Answers for the person; what another window has answered meanwhile is said. */
  async answer(request: PermitRequest, decision: Omit<PermitDecision, 'by'>): Promise<void> {
    const answered = await this.#api.answerPermit(request.id, { ...decision, by: 'editor' });
    this.ended({ id: request.id, outcome: 'gone' });
    if (answered.kind === 'ok') return;
    if (answered.reason === 'permit_answered')
      await window.showInformationMessage(
        l10n.t('This was answered elsewhere: {0}.', String(answered.metadata['decision'])),
      );
    else if (answered.status === 404) await this.sayNobodyWaits();
    else await showRefusal(answered);
  }

  async sayNobodyWaits(): Promise<void> {
    await window.showInformationMessage(l10n.t('Nobody waits for this answer any more.'));
  }

  /** A key ran away: one click lets it call again. */
  async ranAway({ key, key_hash: hash, reason, suspended }: KeyRanAway): Promise<void> {
    if (!suspended) {
      await window.showWarningMessage(l10n.t('The API key “{0}” seems to run away: {1}.', key, reason));
      return;
    }
    const release = l10n.t('Release');
    const choice = await window.showErrorMessage(l10n.t('The API key “{0}” was suspended: {1}.', key, reason), release);
    if (choice !== release) return;
    const released = await this.#api.releaseKey(hash);
    if (released.kind === 'refused') await showRefusal(released);
  }

  dispose(): void {
    this.#changed.dispose();
  }

  async #ask(request: PermitRequest): Promise<void> {
    const once = l10n.t('Allow Once');
    const task = l10n.t('Allow This Task…');
    const deny = l10n.t('Deny');
    const question = `${permitQuestion(request)} ${permitDetail(request)}`;
    // A call without a session is a task of its own: there is nothing more to allow.
    const choices = request.task === null ? [once, deny] : [once, task, deny];
    const choice = await window.showWarningMessage(question, ...choices);
    if (choice === once) await this.answer(request, { decision: 'once' });
    else if (choice === deny) await this.answer(request, { decision: 'deny' });
    else if (choice === task) {
      const bound = await askTaskBound();
      if (bound) await this.answer(request, { decision: 'task', ...bound });
    }
  }
}
