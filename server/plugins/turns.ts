/** A message of a chat as the canonical request has it. */
export type Message = Readonly<Record<string, unknown>>;

/** Messages that only make sense together, such as a call of tools and its results. */
export type Turn = { readonly messages: readonly Message[]; readonly fixed: boolean };

/** Instructions are never cut. */
const INSTRUCTIONS: ReadonlySet<unknown> = new Set(['system', 'developer']);
const RESULTS: ReadonlySet<unknown> = new Set(['tool', 'function']);

/** Splits a chat into turns, in order. Results go with what stands before them: a provider refuses one without its call. */
export function turnsOf(messages: readonly Message[]): readonly Turn[] {
  const turns: Message[][] = [];
  for (const message of messages) {
    if (!RESULTS.has(message['role'])) {
      turns.push([message]);
      continue;
    }
    // Instructions between a call and its results stay between them.
    let turn = turns.pop() ?? [];
    while (turns.length > 0 && isInstruction(turn[0])) turn = [...(turns.pop() ?? []), ...turn];
    turns.push([...turn, message]);
  }
  return turns.map((turn) => ({ messages: turn, fixed: turn.some(isInstruction) }));
}

const isInstruction = (message: Message | undefined) => INSTRUCTIONS.has(message?.['role']);

/** Shortens a message's own text, part by part, to so many bytes each; the same message when nothing was that long. */
export function shorten(message: Message, mostBytes: number): Message {
  const { content } = message;
  if (isInstruction(message)) return message;
  if (typeof content === 'string') {
    const cut = cutMiddle(content, mostBytes);
    return cut === content ? message : { ...message, content: cut };
  }
  if (!Array.isArray(content)) return message;
  let changed = false;
  const parts = content.map((part: unknown) => {
    if (typeof part !== 'object' || part === null || !('text' in part) || typeof part.text !== 'string') return part;
    const cut = cutMiddle(part.text, mostBytes);
    if (cut === part.text) return part;
    changed = true;
    return { ...part, text: cut };
  });
  return changed ? { ...message, content: parts } : message;
}

const GAP = '\n…\n';

/** A text's two ends with a gap between them, in at most so many bytes of UTF-8; no character is cut in half. */
export function cutMiddle(text: string, mostBytes: number): string {
  const bytes = Buffer.byteLength(text);
  if (bytes <= mostBytes) return text;
  for (let keep = Math.floor((text.length * mostBytes) / bytes); keep > 0; keep = Math.floor(keep * 0.9)) {
    let head = Math.ceil(keep / 2);
    let tail = text.length - Math.floor(keep / 2);
    if (isHigh(text.charCodeAt(head - 1))) head -= 1;
    if (isLow(text.charCodeAt(tail))) tail += 1;
    const cut = text.slice(0, head) + GAP + text.slice(tail);
    if (Buffer.byteLength(cut) <= mostBytes) return cut;
  }
  return mostBytes >= 3 ? '…' : '';
}

const isHigh = (code: number) => code >= 0xd800 && code <= 0xdbff;
const isLow = (code: number) => code >= 0xdc00 && code <= 0xdfff;
