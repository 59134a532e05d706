type Fields = Readonly<Record<string, unknown>>;

/**
 * An answer, or a chunk of one, in OpenRouter's words: several providers call its `reasoning` by another name, or put it among the
 * parts of the content. Whatever says nothing of that is the same text; the look costs a search for two words.
 */
export function inRoutersWords(text: string, withoutReasoning: boolean): string {
  const exclude = withoutReasoning && text.includes('"reasoning');
  const isForeign = text.includes('"reasoning_content"') || text.includes('"thinking"');
  if (!exclude && !isForeign) return text;
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer !== 'object' || answer === null) return text;
    const { choices } = answer as Fields;
    if (!Array.isArray(choices)) return text;
    return JSON.stringify({ ...answer, choices: choices.map((choice: unknown) => choiceOf(choice, exclude)) });
  } catch {
    // Whoever reads it next says what it is instead.
    return text;
  }
}

function choiceOf(choice: unknown, exclude: boolean): unknown {
  if (typeof choice !== 'object' || choice === null) return choice;
  const { message, delta } = choice as Fields;
  return {
    ...choice,
    ...(isObject(message) ? { message: said(message, exclude) } : {}),
    ...(isObject(delta) ? { delta: said(delta, exclude) } : {}),
  };
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function said(message: Fields, exclude: boolean): Fields {
  const { reasoning_content, ...rest } = message;
  const parts = splitContent(message['content']);
  const reasoning = message['reasoning'] ?? reasoning_content ?? parts?.thinking;
  const kept: Record<string, unknown> = { ...rest, ...(parts ? { content: parts.text } : {}) };
  if (exclude) {
    delete kept['reasoning'];
    delete kept['reasoning_details'];
    return kept;
  }
  return reasoning === undefined ? kept : { ...kept, reasoning };
}

/** Mistral's content with its thinking in parts; null when it is no such list, or has parts that are neither. */
function splitContent(content: unknown): { readonly text: string; readonly thinking: string } | null {
  if (!Array.isArray(content)) return null;
  let text = '';
  let thinking = '';
  for (const part of content as readonly unknown[]) {
    if (!isObject(part)) return null;
    if (part['type'] === 'text') text += String(part['text'] ?? '');
    else if (part['type'] === 'thinking') thinking += thoughtOf(part['thinking']);
    else return null;
  }
  return { text, thinking };
}

function thoughtOf(thinking: unknown): string {
  if (typeof thinking === 'string') return thinking;
  if (!Array.isArray(thinking)) return '';
  return thinking
    .map((part: unknown) => (isObject(part) && typeof part['text'] === 'string' ? part['text'] : ''))
    .join('');
}
