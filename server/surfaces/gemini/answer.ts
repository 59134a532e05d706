import { candidateText, groundingOf, headOf, indexOf, logprobsOf } from './candidate.ts';
import { type Fields, fieldsOf, listOf } from './fields.ts';
import { finishOf } from './finish.ts';
import { Parts } from './parts.ts';
import { usageOf } from './usage.ts';

/** A chat completion's text as that of a generated content. */
export function writeContent(text: string, showsThoughts: boolean): string {
  const completion = fieldsOf(JSON.parse(text));
  const candidates = listOf(completion['choices']).map((item) => candidateOf(fieldsOf(item), showsThoughts));
  const { usage, openrouter_metadata } = completion;
  const tail = JSON.stringify({
    usageMetadata: usageOf(usage),
    ...(openrouter_metadata === undefined ? {} : { openrouter_metadata }),
  });
  return `{"candidates":[${candidates.join(',')}],${tail.slice(1, -1)},${headOf(completion)}`;
}

function candidateOf(choice: Fields, showsThoughts: boolean): string {
  const message = fieldsOf(choice['message']);
  const parts = new Parts(showsThoughts);
  const said = [...parts.said(message), ...parts.end()];
  return candidateText(said, indexOf(choice), {
    ...finishOf(choice, parts.refusal, parts.broken),
    ...logprobsOf(choice['logprobs']),
    ...groundingOf(listOf(message['annotations'])),
  });
}
