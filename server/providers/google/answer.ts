import { parseExactly } from '../anthropic/exact-json.ts';
import { type Fields, fieldsOf, listOf, textOf } from '../anthropic/fields.ts';
import type { CanonicalRequest } from '../dialect.ts';
import { excludesReasoning } from '../reasoning.ts';
import { blockOf, CandidateReader, logprobsOf } from './candidate.ts';
import { errorOf } from './errors.ts';
import { finishOf } from './finish.ts';
import { tierOf, usageOf } from './usage.ts';

/** Translates a whole answer of `generateContent`, or an error, into a chat completion's text; anything else stands as it is. */
export function readGemini(text: string, request: CanonicalRequest): string {
  let body: unknown;
  try {
    body = parseExactly(text);
  } catch {
    return text;
  }
  const error = errorOf(body);
  if (error) return JSON.stringify(error);
  const answer = fieldsOf(body);
  const candidates = listOf(answer['candidates']);
  const block = blockOf(answer['promptFeedback']);
  if (candidates.length === 0 && !block) return text;
  const usage = usageOf(answer['usageMetadata'], true);
  const blocked = block && [
    {
      index: 0,
      message: { role: 'assistant', content: null, refusal: block.refusal },
      ...block.finish,
      logprobs: null,
    },
  ];
  return JSON.stringify({
    id: answer['responseId'],
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model: answer['modelVersion'],
    choices: candidates.length > 0 ? candidates.map(choiceFor(excludesReasoning(request))) : blocked,
    system_fingerprint: null,
    ...tierOf(answer['usageMetadata']),
    ...(usage ? { usage } : {}),
  });
}

const choiceFor =
  (withoutReasoning: boolean) =>
  (item: unknown, at: number): Fields => {
    const candidate = fieldsOf(item);
    const reader = new CandidateReader();
    const { content, reasoning, details, calls, images } = reader.read(fieldsOf(candidate['content'])['parts']);
    const finish = finishOf(candidate['finishReason'], reader.hasCalls);
    const refused = finish['finish_reason'] === 'content_filter' && content === '';
    const message = {
      role: 'assistant',
      content: content === '' ? null : content,
      refusal: refused ? textOf(candidate['finishMessage']) || null : null,
      ...(withoutReasoning || reasoning === '' ? {} : { reasoning }),
      ...(withoutReasoning || details.length === 0 ? {} : { reasoning_details: details }),
      ...(calls.length === 0 ? {} : { tool_calls: calls.map(({ index: _index, ...call }) => call) }),
      ...(images.length === 0 ? {} : { images }),
    };
    const index = typeof candidate['index'] === 'number' ? candidate['index'] : at;
    return { index, message, ...finish, logprobs: logprobsOf(candidate['logprobsResult']) };
  };
