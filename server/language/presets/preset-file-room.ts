import {
  type CompletionItem,
  CompletionItemKind,
  DiagnosticSeverity,
  type Hover,
  type Position,
  type Range,
} from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { parsePresetFile } from '../../presets/file.ts';
import { presetJsonSchema } from '../../presets/schema.ts';
import { isPresetFile } from '../document-kind.ts';
import type { HostView, Room, RoomContext } from '../room.ts';
import { type FrontMatterPlace, placeInFrontMatter } from './front-matter-place.ts';
import { describeModel, priceOf } from './model-text.ts';
import {
  describeField,
  fieldsAt,
  nodesAt,
  type SchemaNode,
  type SchemaStep,
  typesOf,
  valuesOf,
} from './schema-node.ts';

const FENCE = /^---[ \t]*$/;

/** `*.preset.md`: what the daemon would refuse on publishing, said while it is typed; its fields and their values. */
export function presetFileRoom({ host }: RoomContext): Room {
  const schema = presetJsonSchema() as SchemaNode;
  return {
    name: 'preset files',
    diagnose: (document) => (isPresetFile(document) ? problemsOf(document) : []),
    complete: async (document, position) => {
      const place = placeAt(document, position);
      if (place === null) return [];
      const items = place.kind === 'key' ? [] : await valueItems(place, position.line, schema, host);
      return [...items, ...keyItems(place, position.line, document, schema)];
    },
    hover: async (document, position) => {
      const place = placeAt(document, position);
      const contents = place === null ? null : await hoverText(place, schema, host);
      if (place === null || contents === null) return null;
      return { contents: { kind: 'markdown', value: contents }, range: rangeOf(place, position.line) } satisfies Hover;
    },
  };
}

function problemsOf(document: TextDocument) {
  return parsePresetFile(document.getText()).problems.map(({ start, end, severity, message }) => ({
    range: { start: document.positionAt(start), end: document.positionAt(end) },
    severity: severity === 'error' ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning,
    source: 'Callgate',
    code: 'preset/format',
    message,
  }));
}

function placeAt(document: TextDocument, { line, character }: Position): FrontMatterPlace | null {
  const lines = isPresetFile(document) ? frontMatterLines(document) : [];
  return line > 0 && line < lines.length ? placeInFrontMatter(lines, line, character) : null;
}

/** The front matter from its opening fence up to the closing one, or the end while there is none. */
function frontMatterLines(document: TextDocument): readonly string[] {
  const lines = document
    .getText()
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/);
  if (!FENCE.test(lines[0] ?? '')) return [];
  const closing = lines.findIndex((text, index) => index > 0 && FENCE.test(text));
  return closing === -1 ? lines : lines.slice(0, closing);
}

function keyItems(
  place: FrontMatterPlace,
  line: number,
  document: TextDocument,
  schema: SchemaNode,
): readonly CompletionItem[] {
  // Only at the top can a sibling be told from a field of another mapping by its line alone.
  const used = place.path.length === 0 ? topLevelKeys(document) : new Set<string>();
  used.delete(place.text);
  return [...fieldsAt(schema, place.path)]
    .filter(([name]) => !used.has(name))
    .map(([name, node], index) => ({
      label: name,
      kind: CompletionItemKind.Property,
      detail: typesOf(node).join(' | '),
      documentation: { kind: 'markdown', value: describeField(name, node) },
      // In the order of the schema, the important ones first.
      sortText: String(index).padStart(3, '0'),
      textEdit: { range: rangeOf(place, line), newText: `${name}: ` },
    }));
}

async function valueItems(
  place: FrontMatterPlace,
  line: number,
  schema: SchemaNode,
  host: HostView,
): Promise<readonly CompletionItem[]> {
  const range = rangeOf(place, line);
  const values = valuesOf(nodesAt(schema, place.path)).map((value) => ({
    label: value,
    kind: CompletionItemKind.EnumMember,
    textEdit: { range, newText: value },
  }));
  const models = isModel(place.path) ? ((await host.models()) ?? []) : [];
  const ids = models.map((model) => ({
    label: model.id,
    kind: CompletionItemKind.Value,
    detail: priceOf(model),
    documentation: { kind: 'markdown' as const, value: describeModel(model) },
    // Without it the editor would match against the last word before the cursor only.
    filterText: model.id,
    textEdit: { range, newText: model.id },
  }));
  return [...values, ...ids];
}

async function hoverText(place: FrontMatterPlace, schema: SchemaNode, host: HostView): Promise<string | null> {
  if (place.kind === 'key') {
    const name = place.text.replace(/["']/g, '');
    const node = fieldsAt(schema, place.path).get(name);
    return node === undefined ? null : describeField(name, node);
  }
  const models = isModel(place.path) ? await host.models() : null;
  const model = models?.find(({ id }) => id === place.text.replace(/["']/g, ''));
  return model === undefined ? null : describeModel(model);
}

function isModel(path: readonly SchemaStep[]): boolean {
  const [first, second] = path;
  if (typeof first !== 'object') return false;
  return path.length === 1
    ? first.field === 'model'
    : path.length === 2 && first.field === 'models' && second === 'items';
}

function topLevelKeys(document: TextDocument): Set<string> {
  return new Set(
    frontMatterLines(document).flatMap((line) => /^([A-Za-z_][\w.-]*)[ \t]*:(?=\s|$)/.exec(line)?.[1] ?? []),
  );
}

function rangeOf({ start, end }: FrontMatterPlace, line: number): Range {
  return { start: { line, character: start }, end: { line, character: end } };
}
