import { type Fields, fieldsOf, listOf, textOf } from './fields.ts';
import { stopOf } from './stop.ts';
import { sealOf } from './thoughts.ts';
import { usageOf } from './usage.ts';

/** A chat completion's text as that of a message. `stops`: the sequences that were asked for. */
export function writeMessage(text: string, stops: readonly string[]): string {
  const completion = fieldsOf(JSON.parse(text));
  const choice = fieldsOf(listOf(completion['choices'])[0]);
  const said = fieldsOf(choice['message']);
  const content = [...thoughtBlocks(said), ...textBlocks(said)].map((block) => JSON.stringify(block));
  for (const [index, call] of listOf(said['tool_calls']).entries())
    content.push(toolBlock(fieldsOf(call), textOf(completion['id']), index));
  const { provider, openrouter_metadata } = completion;
  const head = JSON.stringify({ id: completion['id'], type: 'message', role: 'assistant', model: completion['model'] });
  const tail = JSON.stringify({
    ...stopOf(choice, said['refusal'], stops),
    container: null,
    diagnostics: null,
    usage: usageOf(completion['usage']),
    ...(provider === undefined ? {} : { provider }),
    ...(openrouter_metadata === undefined ? {} : { openrouter_metadata }),
  });
  return `${head.slice(0, -1)},"content":[${content.join(',')}],${tail.slice(1)}`;
}

function thoughtBlocks(said: Fields): readonly Fields[] {
  const details = listOf(said['reasoning_details']).map(fieldsOf);
  if (details.length > 0) return details.map(thoughtBlock);
  const reasoning = textOf(said['reasoning']) || textOf(said['reasoning_content']);
  return reasoning === '' ? [] : [{ type: 'thinking', thinking: reasoning, signature: '' }];
}

function thoughtBlock(detail: Fields): Fields {
  return detail['type'] === 'reasoning.encrypted'
    ? { type: 'redacted_thinking', data: sealOf(detail) }
    : { type: 'thinking', thinking: textOf(detail['text']) || textOf(detail['summary']), signature: sealOf(detail) };
}

function textBlocks(said: Fields): readonly Fields[] {
  const { content } = said;
  const text =
    typeof content === 'string'
      ? content
      : listOf(content)
          .map((part) => textOf(fieldsOf(part)['text']))
          .join('');
  const citations = listOf(said['annotations']).flatMap(citationOf);
  if (text === '' && citations.length === 0) return [];
  return [{ type: 'text', text, citations: citations.length > 0 ? citations : null }];
}

/** A citation of something on the web; OpenAI's form of it has no index that Anthropic could find it by again. */
export function citationOf(annotation: unknown): readonly Fields[] {
  const { type, url_citation } = fieldsOf(annotation);
  if (type !== 'url_citation') return [];
  const { url, title, content } = fieldsOf(url_citation);
  return [
    {
      type: 'web_search_result_location',
      url: textOf(url),
      title: textOf(title) || null,
      cited_text: textOf(content),
      encrypted_index: '',
    },
  ];
}

/** Its input is the model's own text, digits and all, where that is an object. */
function toolBlock(call: Fields, messageId: string, index: number): string {
  const { name, arguments: given } = fieldsOf(call['function']);
  const head = JSON.stringify({ ...callHead(call['id'], name, messageId, index) });
  return `${head.slice(0, -1)},"input":${inputOf(textOf(given))}}`;
}

/** What every block of a call says of it. An id is made where a model gave none: its result must name one. */
export function callHead(id: unknown, name: unknown, messageId: string, index: number): Fields {
  const own = textOf(id);
  return {
    type: 'tool_use',
    id: own === '' ? `toolu_${messageId}_${index}` : own,
    name: textOf(name),
    caller: { type: 'direct' },
  };
}

/** https://platform.claude.com/docs/en/agents-and-tools/tool-use/fine-grained-tool-streaming: how broken JSON is handed on whole. */
function inputOf(text: string): string {
  if (text.trim() === '') return '{}';
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return text;
  } catch {
    // Told below, as what is JSON but no object is.
  }
  return JSON.stringify({ INVALID_JSON: text });
}
