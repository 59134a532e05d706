import { parseExactly } from '../anthropic/exact-json.ts';
import { type Fields, fieldsOf, textOf } from '../anthropic/fields.ts';
import type { Notes } from '../anthropic/notes.ts';
import type { Part } from './media.ts';
import type { ModelFacts } from './model-facts.ts';
import { partsOf } from './parts.ts';

/**
 * What a tool gave, as the Gemini API wants it: under the name of the function (`names`, by the ids of the calls before), as an
 * object. A text that is one goes as it is, any other as its `output`; media stand beside it.
 */
export function resultPart(
  message: Fields,
  at: string,
  names: ReadonlyMap<string, string>,
  facts: ModelFacts,
  notes: Notes,
): Part {
  const id = textOf(message['tool_call_id']);
  const name = names.get(id) || textOf(message['name']);
  if (name === '') notes.lack(`${at}.tool_call_id (of no call before it)`);
  const said = partsOf(message['content'], `${at}.content`, notes);
  const texts = said.flatMap(({ text }) => (typeof text === 'string' ? [text] : []));
  const media = said.filter(({ text }) => text === undefined);
  if (media.length > 0 && !facts.imagesInResults)
    notes.lack(`${at}.content (this model takes texts alone from a tool)`);
  return {
    functionResponse: {
      ...(id === '' ? {} : { id }),
      name,
      response: responseOf(texts.join('')),
      ...(media.length > 0 ? { parts: media } : {}),
    },
  };
}

function responseOf(text: string): Fields {
  if (text.trimStart().startsWith('{')) {
    try {
      const value = parseExactly(text);
      if (fieldsOf(value) === value) return value as Fields;
    } catch {
      // It only looks like one.
    }
  }
  return { output: text };
}
