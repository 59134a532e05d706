import { type Fields, fieldsOf, textOf } from './fields.ts';

/** The `format` of reasoning that only Google's models take back; `server/providers/google/thoughts.ts` sends them no other. */
export const GEMINI_FORMAT = 'google-gemini-v1';
/** Begins a signature that holds another vendor's reasoning: Google's wire has no field for whose it is. */
const MARK = 'callgate.';

/** Whether Google's own field holds it as it is. */
export const isGoogles = ({ format }: Fields): boolean => ['', 'unknown', GEMINI_FORMAT].includes(textOf(format));

/** Details as a `thoughtSignature`: bytes in base64, for some clients decode and encode it again. */
export const sealed = (details: readonly Fields[]): string =>
  Buffer.from(MARK + JSON.stringify(details)).toString('base64');

/** The details in a signature; null for one that is Google's. */
export function unsealed(signature: string): readonly Fields[] | null {
  // What it begins with is a whole number of base64's groups.
  if (!signature.startsWith('Y2FsbGdhdGUu')) return null;
  try {
    const text = Buffer.from(signature, 'base64').toString('utf8').slice(MARK.length);
    const details: unknown = JSON.parse(text);
    if (!Array.isArray(details)) return null;
    const read = details.map(fieldsOf);
    return read.every(({ type }) => textOf(type).startsWith('reasoning.')) ? read : null;
  } catch {
    return null;
  }
}
