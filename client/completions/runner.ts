import { Disposable, l10n, ProgressLocation, type Uri, window, workspace } from 'vscode';
import type { RunRequest } from '../../server/protocol.ts';
import type { Callgate } from '../callgate.ts';
import { Unreachable } from '../failure.ts';
import { followGrowth, onRunClosed, RUN_SCHEME, RunDocuments, setRunning } from './documents.ts';
import type { Ending, Transcript } from './transcript.ts';

/** Runs test completions, each streaming into a document of its own. */
export class CompletionRunner {
  readonly #callgate: Callgate;
  readonly #documents = new RunDocuments();
  readonly #running = new Map<string, AbortController>();
  readonly #disposable: Disposable;

  constructor(callgate: Callgate) {
    this.#callgate = callgate;
    this.#disposable = Disposable.from(
      this.#documents,
      workspace.registerTextDocumentContentProvider(RUN_SCHEME, this.#documents),
      followGrowth(),
      // Nobody reads the answer any more: what it would still cost is saved.
      onRunClosed((uri) => {
        this.#running.get(uri.toString())?.abort();
        this.#documents.forget(uri);
      }),
    );
  }

  /** Ends the completion in `uri`, or every one that runs. */
  stop(uri?: Uri): void {
    const one = uri && this.#running.get(uri.toString());
    for (const abort of one ? [one] : this.#running.values()) abort.abort();
  }

  /** Streams one completion into a new document beside the editor; resolves, with its transcript, when it has ended. */
  async run(request: RunRequest, prompt: string): Promise<Transcript> {
    // Loaded at the first run: reading streams is nothing that activation should wait for.
    const [{ begin, end }, { renderTranscript }] = await Promise.all([
      import('./transcript.ts'),
      import('./render.ts'),
    ]);
    let transcript = begin(request.preset, prompt, Date.now());
    const uri = await this.#documents.open(request.preset.replaceAll('@', ' '), renderTranscript(transcript));
    const abort = new AbortController();
    this.#running.set(uri.toString(), abort);
    setRunning(true);
    const show = (next: Transcript) => {
      transcript = next;
      this.#documents.update(uri, renderTranscript(next), next.ending !== null);
    };
    const title = `@preset/${request.preset}`;
    try {
      await window.withProgress(
        { location: ProgressLocation.Notification, title, cancellable: true },
        async (progress, token) => {
          token.onCancellationRequested(() => abort.abort());
          progress.report({ message: l10n.t('waiting for the first token…') });
          await this.#stream(request, abort.signal, transcript, (next) => {
            if (transcript.firstTokenAt === null && next.firstTokenAt !== null)
              progress.report({ message: l10n.t('answering…') });
            show(next);
          });
        },
      );
    } catch (error) {
      show(end(transcript, this.#ending(error, abort.signal), Date.now()));
    } finally {
      this.#running.delete(uri.toString());
      setRunning(this.#running.size > 0);
    }
    return transcript;
  }

  dispose(): void {
    this.stop();
    this.#disposable.dispose();
  }

  async #stream(
    request: RunRequest,
    signal: AbortSignal,
    start: Transcript,
    show: (next: Transcript) => void,
  ): Promise<void> {
    const [{ addChunk, cutShort, end }, { readChunks }] = await Promise.all([
      import('./transcript.ts'),
      import('./chunks.ts'),
    ]);
    let transcript: Transcript = { ...start, startedAt: Date.now() };
    const put = (next: Transcript) => {
      transcript = next;
      show(next);
    };
    const answer = await this.#callgate.api.run(request, signal);
    if (answer.kind === 'refused') {
      put(end(transcript, { kind: 'failed', message: answer.message, remedy: answer.remedy }, Date.now()));
      return;
    }
    const body = answer.value.body;
    for await (const event of body ? readChunks(body) : []) {
      if (event.kind === 'chunk') put(addChunk(transcript, event.chunk, Date.now()));
      else if (event.kind === 'done') put(end(transcript, { kind: 'done' }, Date.now()));
      else this.#callgate.log.warn(`A part of the stream is no chunk: ${event.data.length} characters`);
    }
    if (!transcript.ending) put(end(transcript, cutShort(), Date.now()));
  }

  #ending(error: unknown, signal: AbortSignal): Ending {
    if (signal.aborted) return { kind: 'cancelled' };
    if (error instanceof Unreachable)
      return { kind: 'failed', message: error.failure.message, remedy: error.failure.remedy };
    this.#callgate.log.error(error instanceof Error ? error : String(error));
    return {
      kind: 'failed',
      message: error instanceof Error ? error.message : String(error),
      remedy: l10n.t('See the log.'),
    };
  }
}
