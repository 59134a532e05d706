import { cutText, shorten } from './io-shorten.ts';

export type JsonRecord = Readonly<Record<string, unknown>>;

/** What came of a call, as it was passed on. */
export type IoAnswer =
  | { readonly kind: 'json'; readonly text: string }
  /** Server-sent events, as many as were kept; `whole` is false when the stream was left or grew too long. */
  | { readonly kind: 'events'; readonly texts: readonly string[]; readonly whole: boolean }
  | { readonly kind: 'refused'; readonly status: number; readonly message: string; readonly metadata: JsonRecord }
  | { readonly kind: 'gone' };

/** What is kept of a call. Headers are never part of it. */
export type IoContent = {
  /** The body that was sent to Callgate: the preset stands in it by its name. */
  readonly request: JsonRecord;
  readonly output: IoOutput;
  readonly error: IoError | null;
  /** Whether something was left out because it was too long, or because the caller left before the end. */
  readonly shortened: boolean;
};

/** The first choice. */
export type IoOutput = {
  readonly completion: string | null;
  readonly reasoning: string | null;
  readonly tool_calls: readonly unknown[];
  readonly finish_reason: string | null;
};

/** OpenRouter's `GenerationContentError`. */
export type IoError = {
  readonly message: string | null;
  readonly status: number | null;
  readonly provider_name: string | null;
  readonly raw: string | null;
  readonly previous_errors: readonly {
    readonly code: number;
    readonly message: string;
    readonly provider_name: string | null;
    readonly raw: string | null;
  }[];
};

/** Characters of JSON that are kept of a request, and of each text of an answer. */
const MOST = 1_048_576;
const NOTHING: IoOutput = { completion: null, reasoning: null, tool_calls: [], finish_reason: null };

/** Makes what is kept of a call; reads what a provider wrote leniently, and never throws for it. */
export function contentOf(request: JsonRecord, answer: IoAnswer): IoContent {
  const short = shorten(request, MOST);
  const read = readAnswer(answer);
  const output = shorten(read.output.tool_calls, MOST);
  const isLong = [read.output.completion, read.output.reasoning].some((text) => (text ?? '').length > MOST);
  const cut = (text: string | null) => (text === null ? null : cutText(text, MOST));
  return {
    request: objectIn(short.value) ?? {},
    output: {
      ...read.output,
      completion: cut(read.output.completion),
      reasoning: cut(read.output.reasoning),
      tool_calls: Array.isArray(output.value) ? output.value : [],
    },
    error: read.error,
    shortened: short.shortened || output.shortened || isLong || (answer.kind === 'events' && !answer.whole),
  };
}

function readAnswer(answer: IoAnswer): { readonly output: IoOutput; readonly error: IoError | null } {
  switch (answer.kind) {
    case 'json': {
      const choice = firstChoice(parse(answer.text));
      return { output: outputOf(objectIn(choice?.['message']), choice?.['finish_reason']), error: null };
    }
    case 'events':
      return readEvents(answer.texts.join(''));
    case 'refused':
      return { output: NOTHING, error: errorOf(answer.status, answer.message, answer.metadata) };
    case 'gone':
      return { output: NOTHING, error: errorOf(499, 'The caller had gone before the answer came', {}) };
  }
}

function readEvents(text: string): { readonly output: IoOutput; readonly error: IoError | null } {
  const completion: string[] = [];
  const reasoning: string[] = [];
  const calls = new Map<unknown, Record<string, unknown>>();
  let finish: unknown = null;
  let error: IoError | null = null;
  for (const block of text.split('\n\n')) {
    if (!block.startsWith('data: {')) continue;
    const chunk = parse(block.slice('data: '.length));
    const failed = objectIn(chunk?.['error']);
    if (failed) error = errorOf(failed['code'], failed['message'], objectIn(failed['metadata']) ?? {});
    const choice = firstChoice(chunk);
    const delta = objectIn(choice?.['delta']);
    if (typeof delta?.['content'] === 'string') completion.push(delta['content']);
    const thought = delta?.['reasoning'] ?? delta?.['reasoning_content'];
    if (typeof thought === 'string') reasoning.push(thought);
    for (const call of listIn(delta?.['tool_calls'])) addCall(calls, call);
    finish = choice?.['finish_reason'] ?? finish;
  }
  const joined = (texts: readonly string[]) => (texts.length === 0 ? null : texts.join(''));
  const message = { content: joined(completion), reasoning: joined(reasoning), tool_calls: [...calls.values()] };
  return { output: outputOf(message, finish), error };
}

/** Joins a streamed call's pieces by their index. */
function addCall(calls: Map<unknown, Record<string, unknown>>, piece: unknown): void {
  const { index, function: made, ...rest } = objectIn(piece) ?? {};
  const known = calls.get(index) ?? {};
  const before = objectIn(known['function']);
  const now = objectIn(made);
  const given = [before?.['arguments'], now?.['arguments']].filter((part) => typeof part === 'string').join('');
  calls.set(index, { ...known, ...rest, function: { ...before, ...now, arguments: given } });
}

function outputOf(message: JsonRecord | null, finish: unknown): IoOutput {
  const { content, reasoning, reasoning_content, tool_calls } = message ?? {};
  const thought = reasoning ?? reasoning_content;
  return {
    completion: typeof content === 'string' ? content : content ? JSON.stringify(content) : null,
    reasoning: typeof thought === 'string' ? thought : null,
    tool_calls: listIn(tool_calls),
    finish_reason: typeof finish === 'string' ? finish : null,
  };
}

function errorOf(status: unknown, message: unknown, metadata: JsonRecord): IoError {
  const text = (value: unknown) => (typeof value === 'string' ? cutText(value, 4_096) : null);
  return {
    message: text(message),
    status: Number.isInteger(status) ? Number(status) : null,
    provider_name: text(metadata['provider_name']),
    raw: text(metadata['raw']),
    previous_errors: listIn(metadata['previous_errors']).map((item) => {
      const previous = objectIn(item) ?? {};
      return {
        code: Number.isInteger(previous['code']) ? Number(previous['code']) : 0,
        message: text(previous['message']) ?? '',
        provider_name: text(previous['provider'] ?? previous['provider_name']),
        raw: text(previous['raw']),
      };
    }),
  };
}

function firstChoice(answer: JsonRecord | null): JsonRecord | null {
  const choices = listIn(answer?.['choices']).map(objectIn);
  return choices.find((choice) => (choice?.['index'] ?? 0) === 0) ?? null;
}

function parse(text: string): JsonRecord | null {
  try {
    return objectIn(JSON.parse(text));
  } catch {
    return null;
  }
}

function objectIn(value: unknown): JsonRecord | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonRecord) : null;
}

const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
