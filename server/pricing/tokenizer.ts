export type CountTokens = (text: string) => number;

/** Cutting a text only ever adds tokens, and keeps the merging of one long run of characters from becoming quadratic. */
const SLICE = 2_000;
/** Text that only looks like a special token is text. */
const NONE: Set<string> = new Set();

let loading: Promise<CountTokens> | undefined;

/**
 * A count by OpenAI's o200k vocabulary, close enough for estimates of any model. Loaded on first need: it takes tens of megabytes
 * that most daemons never use.
 */
export function loadTokenizer(): Promise<CountTokens> {
  loading ??= import('gpt-tokenizer/encoding/o200k_base').then(({ countTokens }) => (text) => {
    let tokens = 0;
    for (let at = 0; at < text.length; at += SLICE) {
      tokens += countTokens(text.slice(at, at + SLICE), { disallowedSpecial: NONE });
    }
    return tokens;
  });
  return loading;
}
