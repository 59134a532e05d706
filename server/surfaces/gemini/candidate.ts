import { type Fields, fieldsOf, listOf, textOf } from './fields.ts';

/** OpenAI's `logprobs` of a choice as Google's members of a candidate. */
export function logprobsOf(logprobs: unknown): Fields {
  const chosen = listOf(fieldsOf(logprobs)['content']).map(fieldsOf);
  if (chosen.length === 0) return {};
  const tokenOf = ({ token, logprob }: Fields) => ({ token: textOf(token), logProbability: logprob });
  return {
    logprobsResult: {
      chosenCandidates: chosen.map(tokenOf),
      topCandidates: chosen.map(({ top_logprobs }) => ({
        candidates: listOf(top_logprobs).map((one) => tokenOf(fieldsOf(one))),
      })),
    },
  };
}

/** What was found on the web, where Google tells it. */
export function groundingOf(annotations: readonly unknown[]): Fields {
  const groundingChunks = annotations.map(fieldsOf).flatMap(({ type, url_citation }) => {
    const { url, title } = fieldsOf(url_citation);
    return type === 'url_citation' ? [{ web: { uri: textOf(url), title: textOf(title) } }] : [];
  });
  return groundingChunks.length === 0 ? {} : { groundingMetadata: { groundingChunks } };
}

/** A candidate as JSON. One without parts is no valid turn to Google's own clients: an empty text is. */
export function candidateText(parts: readonly string[], index: number, more: Fields): string {
  const content = `{"parts":[${parts.length === 0 ? '{"text":""}' : parts.join(',')}],"role":"model"}`;
  return `{"content":${content},${JSON.stringify({ index, ...more }).slice(1)}`;
}

/** What every response says of itself. */
export function headOf({ id, model, provider }: Fields): string {
  const head = { modelVersion: model, responseId: id, ...(provider === undefined ? {} : { provider }) };
  return JSON.stringify(head).slice(1);
}

export const indexOf = (choice: Fields): number => (typeof choice['index'] === 'number' ? choice['index'] : 0);
