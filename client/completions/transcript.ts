import { l10n } from 'vscode';
import type { Attempt, Chunk, Usage } from './chunks.ts';

export type Ending =
  | { readonly kind: 'done' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly message: string; readonly remedy: string | null };

/** One completion as it grows; immutable, so that what is shown is always one consistent moment. Times in milliseconds. */
export type Transcript = {
  /** What stands after `@preset/`. */
  readonly preset: string;
  readonly prompt: string;
  readonly text: string;
  readonly reasoning: string;
  readonly id: string | null;
  readonly model: string | null;
  readonly provider: string | null;
  readonly usage: Usage | null;
  readonly attempts: readonly Attempt[];
  readonly finishReason: string | null;
  readonly startedAt: number;
  readonly firstTokenAt: number | null;
  readonly endedAt: number | null;
  readonly ending: Ending | null;
};

export function begin(preset: string, prompt: string, now: number): Transcript {
  return {
    preset,
    prompt,
    text: '',
    reasoning: '',
    id: null,
    model: null,
    provider: null,
    usage: null,
    attempts: [],
    finishReason: null,
    startedAt: now,
    firstTokenAt: null,
    endedAt: null,
    ending: null,
  };
}

export function addChunk(transcript: Transcript, chunk: Chunk, now: number): Transcript {
  const [choice] = chunk.choices ?? [];
  const text = choice?.delta?.content ?? '';
  const reasoning = choice?.delta?.reasoning ?? '';
  const next: Transcript = {
    ...transcript,
    text: transcript.text + text,
    reasoning: transcript.reasoning + reasoning,
    id: chunk.id ?? transcript.id,
    model: chunk.model ?? transcript.model,
    provider: chunk.provider ?? transcript.provider,
    usage: chunk.usage ?? transcript.usage,
    attempts: chunk.openrouter_metadata?.attempts ?? transcript.attempts,
    finishReason: choice?.finish_reason ?? transcript.finishReason,
    firstTokenAt: transcript.firstTokenAt ?? (text + reasoning === '' ? null : now),
  };
  return chunk.error ? end(next, failed(chunk.error), now) : next;
}

/** The first ending stands. */
export function end(transcript: Transcript, ending: Ending, now: number): Transcript {
  return transcript.ending ? transcript : { ...transcript, ending, endedAt: now };
}

export function cutShort(): Ending {
  return {
    kind: 'failed',
    message: l10n.t('The stream ended before the answer was complete'),
    remedy: l10n.t('Run it again; the daemon’s log may say more.'),
  };
}

function failed(error: NonNullable<Chunk['error']>): Ending {
  const remedy = error.metadata?.['remedy'];
  return { kind: 'failed', message: error.message, remedy: typeof remedy === 'string' ? remedy : null };
}
