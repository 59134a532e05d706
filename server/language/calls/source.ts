import type { Node } from 'web-tree-sitter';
import { Declarations } from './declarations.ts';
import { API_KEY_VARIABLE, BASE_URL_VARIABLE, type SdkRule } from './sdk-rule.ts';

/** One parsed text and the habits of its author, so that what is written into it looks like the rest. */
export type Source = {
  readonly root: Node;
  readonly text: string;
  readonly names: Declarations;
  readonly style: SourceStyle;
};

export type SourceStyle = {
  readonly eol: '\n' | '\r\n';
  readonly indentUnit: string;
  readonly quote: '"' | "'";
  /** `process.env['NAME']`, as `noPropertyAccessFromIndexSignature` demands. */
  readonly bracketEnvironment: boolean;
};

export function sourceOf(root: Node, text: string): Source {
  return { root, text, names: new Declarations(), style: styleOf(text) };
}

/** An expression that reads an environment variable, in the style of the file. */
export function environmentRead(name: string, style: SourceStyle): string {
  return style.bracketEnvironment ? `process.env[${style.quote}${name}${style.quote}]` : `process.env.${name}`;
}

/** The white space a line begins with, for the line that `offset` is on. */
export function indentAt(text: string, offset: number): string {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(lineStart, offset))?.[0] ?? '';
}

/** The value expressions a routed constructor gets, by option name. */
export function routedOptions(rule: SdkRule, baseUrl: string, style: SourceStyle): ReadonlyMap<string, string> {
  const fallback = `${style.quote}${baseUrl}${rule.basePath}${style.quote}`;
  return new Map([
    [rule.options.baseUrl, `${environmentRead(BASE_URL_VARIABLE, style)} ?? ${fallback}`],
    [rule.options.apiKey, environmentRead(API_KEY_VARIABLE, style)],
  ]);
}

/** Read off the text alone. */
export function styleOf(text: string): SourceStyle {
  const single = countOf(text, "'");
  const double = countOf(text, '"');
  return {
    eol: text.includes('\r\n') ? '\r\n' : '\n',
    indentUnit: /^(\t| {2,8})(?=[^\s*])/m.exec(text)?.[1] ?? '  ',
    quote: double > single ? '"' : "'",
    bracketEnvironment: /\bprocess\.env\[/.test(text) && !/\bprocess\.env\.[A-Za-z_]/.test(text),
  };
}

function countOf(text: string, character: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at !== -1; at = text.indexOf(character, at + 1)) count++;
  return count;
}
