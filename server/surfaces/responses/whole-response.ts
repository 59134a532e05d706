import { type Fields, fieldsOf, listOf, textOf } from './fields.ts';
import { picturesOf } from './images.ts';
import {
  annotationsOf,
  callItem,
  ItemIds,
  type ItemStatus,
  imageItem,
  logprobsOf,
  madeIn,
  messageItem,
  outputText,
  thoughtsIn,
} from './output-items.ts';
import { endOf, firstChoice, moreOf, responseOf } from './response.ts';
import { Thought } from './thoughts.ts';
import type { Items, Wishes } from './wishes.ts';

/** Translates the text of a whole chat completion into a Response's. */
export function wholeResponse(text: string, wishes: Wishes, given: Items['given']): string {
  const completion = fieldsOf(JSON.parse(text));
  const choice = firstChoice(completion);
  const id = textOf(completion['id']);
  const end = endOf(choice['finish_reason']);
  const output = outputOf(choice, id, wishes, end.status === 'completed' ? 'completed' : 'incomplete');
  given(output);
  const failed = end.status === 'failed';
  return JSON.stringify(
    responseOf(wishes.echo(), {
      ...end,
      id,
      createdAt: Number(completion['created']) || Math.floor(Date.now() / 1000),
      model: textOf(completion['model']),
      output,
      error: failed ? choiceError(choice) : null,
      usage: fieldsOf(completion['usage']),
      more: moreOf(completion),
    }),
  );
}

/** A router answers 200 with a choice that failed. */
function choiceError(choice: Fields): Fields {
  const { message } = fieldsOf(choice['error']);
  return { code: 'server_error', message: textOf(message) || 'The provider broke its answer off' };
}

/** The items of a whole answer: thoughts, then words, then calls, as a chat completion keeps no other order. */
function outputOf(choice: Fields, generationId: string, wishes: Wishes, last: ItemStatus): readonly Fields[] {
  const message = fieldsOf(choice['message']);
  const ids = new ItemIds(generationId);
  const thoughts: Thought[] = [];
  for (const detail of thoughtsIn(message)) {
    let thought = thoughts.at(-1);
    if (!thought?.takes(detail)) {
      thought = new Thought(nativeId(detail) ?? ids.next('rs'), wishes, false);
      thoughts.push(thought);
    }
    thought.add(detail);
  }
  const words = wordsIn(message['content']) || textOf(fieldsOf(message['audio'])['transcript']);
  const refusal = textOf(message['refusal']);
  const content = [
    ...(words === ''
      ? []
      : [
          outputText(
            words,
            annotationsOf(message['annotations'], words.length),
            wishes.wantsLogprobs ? logprobsOf(choice['logprobs']) : [],
          ),
        ]),
    ...(refusal === '' ? [] : [{ type: 'refusal', refusal }]),
  ];
  const calls = listOf(message['tool_calls']).map((given) => {
    const call = fieldsOf(given);
    const made = madeIn(call);
    const id = ids.next(made.kind === 'function' ? 'fc' : 'ctc');
    return callItem({ id, callId: textOf(call['id']) || id, ...made }, 'completed');
  });
  return [
    ...thoughts.map((thought) => thought.item('completed')),
    ...(content.length > 0 ? [messageItem(ids.next('msg'), last, content)] : []),
    ...picturesOf(message['images']).map((picture) => imageItem(ids.next('ig'), picture, 'completed')),
    ...calls,
  ];
}

/** A content of parts says what their texts say. */
function wordsIn(content: unknown): string {
  return Array.isArray(content) ? content.map((part) => textOf(fieldsOf(part)['text'])).join('') : textOf(content);
}

/** OpenAI's own id of a reasoning item, which its encrypted content belongs to. */
function nativeId(detail: Fields): string | null {
  const { id } = detail;
  return typeof id === 'string' && id !== '' ? id : null;
}
