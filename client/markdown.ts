/** Makes text from outside (a key's name) safe inside a Markdown table cell: it shows as it is, links to and styles nothing. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/[\r\n]+/g, ' ')
    .replace(/[\\`*_{}[\]()<>#+\-.!|~$@:/&"']/g, (mark) => `&#${mark.charCodeAt(0)};`);
}

/** A two-column table without a heading. */
export function table(rows: readonly (readonly [string, string])[]): string {
  return ['| | |', '|:--|:--|', ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join('\n');
}
