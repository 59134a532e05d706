type Reviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown;
type ExactJson = { readonly rawJSON?: (text: string) => unknown };

/** The arguments of a tool are somebody's data: a number that a double cannot hold, or would write otherwise, keeps its digits. */
const keepDigits: Reviver = (_key, value, context) => {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined || String(value) === source) return value;
  return (JSON as ExactJson).rawJSON?.(source) ?? value;
};

/** Only these can change: long integers, fractions, exponents. */
const RISKY = /\d{16}|\d[.eE]|-0/;

/**
 * Parses JSON so that `JSON.stringify` writes every number as it stood. Such a number is an opaque object meanwhile. Throws as
 * `JSON.parse` does. https://tc39.es/proposal-json-parse-with-source
 */
export function parseExactly(text: string): unknown {
  return RISKY.test(text) ? JSON.parse(text, keepDigits as Parameters<typeof JSON.parse>[1]) : JSON.parse(text);
}
