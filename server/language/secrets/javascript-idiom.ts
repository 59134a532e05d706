import type { StringLiteral } from '../calls/provider-call.ts';
import { environmentRead, styleOf } from '../calls/source.ts';
import type { OffsetEdit } from '../edits.ts';

/** `process.env.NAME` in place of a key in a JavaScript or TypeScript string; null where none of the language's forms fits. */
export function javascriptEdits(
  text: string,
  secret: { readonly start: number; readonly end: number },
  literal: StringLiteral | null,
  name: string,
): readonly OffsetEdit[] | null {
  if (literal === null || secret.start <= literal.start || secret.end >= literal.end) return null;
  const read = environmentRead(name, styleOf(text));
  const isWhole = secret.start === literal.start + 1 && secret.end === literal.end - 1;
  const { start, end } = literal;
  if (literal.kind === 'attribute') return isWhole ? [{ start, end, text: `{${read}}` }] : null;
  if (isWhole) return [{ start, end, text: read }];
  if (literal.kind === 'template') return [{ start: secret.start, end: secret.end, text: `\${${read}}` }];
  const before = asTemplate(text.slice(start + 1, secret.start));
  const after = asTemplate(text.slice(secret.end, end - 1));
  if (before === null || after === null) return null;
  return [{ start, end, text: `\`${before}\${${read}}${after}\`` }];
}

/** The inside of a quoted string as the inside of a template; null for octal escapes, which templates do not have. */
function asTemplate(content: string): string | null {
  if (/\\[0-9]/.test(content)) return null;
  return content.replace(/`|\$\{/g, '\\$&');
}
