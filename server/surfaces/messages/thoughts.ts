import { type Fields, fieldsOf, textOf } from './fields.ts';

/** The `format` of reasoning that Claude signed; `server/providers/anthropic/thoughts.ts` sends back no other. */
export const CLAUDE_FORMAT = 'anthropic-claude-v1';
/** Begins a signature, or encrypted data, that is another vendor's: Anthropic's wire has no field for whose it is. */
const FOREIGN = 'callgate.';

/** What of a detail of another vendor's reasoning its client must bring back. */
type Foreign = {
  readonly type: string;
  readonly format: string;
  readonly id?: unknown;
  readonly signature?: unknown;
  readonly data?: unknown;
};

/** A signature, or data, as Anthropic's wire carries it: Claude's own as it is, another's with its name. '' where there is none. */
export function sealOf(detail: Fields): string {
  const { type, format, id, signature, data } = detail;
  const own = textOf(type === 'reasoning.encrypted' ? data : signature);
  const vendor = textOf(format);
  if (vendor === CLAUDE_FORMAT || vendor === '' || vendor === 'unknown') return own;
  const foreign: Foreign = {
    type: textOf(type),
    format: vendor,
    ...(id === undefined || id === null ? {} : { id }),
    ...(textOf(signature) === '' ? {} : { signature }),
    ...(textOf(data) === '' ? {} : { data }),
  };
  return FOREIGN + Buffer.from(JSON.stringify(foreign)).toString('base64url');
}

/** OpenRouter's detail of a `thinking` or `redacted_thinking` block that comes back. */
export function detailOf(block: Fields, index: number): Fields {
  const text = textOf(block['thinking']);
  const redacted = block['type'] === 'redacted_thinking';
  const seal = textOf(redacted ? block['data'] : block['signature']);
  const foreign = seal.startsWith(FOREIGN) ? foreignIn(seal.slice(FOREIGN.length)) : null;
  if (foreign) {
    const said = foreign.type === 'reasoning.summary' ? { summary: text } : redacted ? {} : { text };
    return { ...foreign, ...said, index };
  }
  if (redacted) return { type: 'reasoning.encrypted', data: block['data'], format: CLAUDE_FORMAT, index };
  return { type: 'reasoning.text', text, ...(seal === '' ? {} : { signature: seal, format: CLAUDE_FORMAT }), index };
}

/** Null for what only looks like ours; then it is Claude's to judge. */
function foreignIn(text: string): Foreign | null {
  try {
    const { type, format, id, signature, data } = fieldsOf(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
    if (typeof type !== 'string' || !type.startsWith('reasoning.') || typeof format !== 'string') return null;
    return {
      type,
      format,
      ...(id === undefined ? {} : { id }),
      ...(typeof signature === 'string' ? { signature } : {}),
      ...(typeof data === 'string' ? { data } : {}),
    };
  } catch {
    return null;
  }
}
