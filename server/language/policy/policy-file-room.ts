import {
  type CompletionItem,
  CompletionItemKind,
  DiagnosticSeverity,
  type Hover,
  type Position,
  type Range,
} from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { parsePolicyFile } from '../../policy-file/parse.ts';
import { policyFileJsonSchema } from '../../policy-file/schema.ts';
import { isPolicyFile } from '../document-kind.ts';
import { type FrontMatterPlace, placeInFrontMatter } from '../presets/front-matter-place.ts';
import { describeModel, priceOf } from '../presets/model-text.ts';
import {
  describeField,
  fieldsAt,
  nodesAt,
  type SchemaNode,
  type SchemaStep,
  typesOf,
  valuesOf,
} from '../presets/schema-node.ts';
import type { HostView, Room, RoomContext } from '../room.ts';
import { namesInFile } from './names-in-file.ts';

/** `callgate.yaml`: what `callgate plan` would refuse, said while it is typed; its fields and their values. */
export function policyFileRoom({ host }: RoomContext): Room {
  const schema = policyFileJsonSchema() as SchemaNode;
  return {
    name: 'policy files',
    diagnose: (document) => (isPolicyFile(document) ? problemsOf(document) : []),
    complete: async (document, position) => {
      const place = placeAt(document, position);
      if (place === null) return [];
      return place.kind === 'key'
        ? keyItems(place, position.line, schema)
        : [
            ...(await valueItems(document, place, position.line, schema, host)),
            ...keyItems(place, position.line, schema),
          ];
    },
    hover: async (document, position) => {
      const place = placeAt(document, position);
      if (place?.kind !== 'key') return null;
      const node = fieldsAt(schema, place.path).get(plain(place.text));
      if (node === undefined) return null;
      const contents = { kind: 'markdown' as const, value: describeField(plain(place.text), node) };
      return { contents, range: rangeOf(place, position.line) } satisfies Hover;
    },
  };
}

function problemsOf(document: TextDocument) {
  return parsePolicyFile(document.getText()).problems.map(({ start, end, message }) => ({
    range: { start: document.positionAt(start), end: document.positionAt(end) },
    severity: DiagnosticSeverity.Error,
    source: 'Callgate',
    code: 'policy/format',
    message,
  }));
}

/** The reader of front matter looks for the first line's fence, which a file of its own does not have. */
function placeAt(document: TextDocument, { line, character }: Position): FrontMatterPlace | null {
  if (!isPolicyFile(document)) return null;
  const lines = document
    .getText()
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/);
  return placeInFrontMatter(['---', ...lines], line + 1, character);
}

function keyItems(place: FrontMatterPlace, line: number, schema: SchemaNode): readonly CompletionItem[] {
  return [...fieldsAt(schema, place.path)].map(([name, node], index) => ({
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
  document: TextDocument,
  place: FrontMatterPlace,
  line: number,
  schema: SchemaNode,
  host: HostView,
): Promise<readonly CompletionItem[]> {
  const range = rangeOf(place, line);
  const item = (label: string, kind: CompletionItemKind): CompletionItem => ({
    label,
    kind,
    filterText: label,
    textEdit: { range, newText: label },
  });
  const field = fieldOf(place.path);
  const values = valuesOf(nodesAt(schema, place.path)).map((value) => item(value, CompletionItemKind.EnumMember));
  const named = namesInFile(document.getText(), field).map((name) => item(name, CompletionItemKind.Reference));
  const models = MODEL_FIELDS.has(field) ? ((await host.models()) ?? []) : [];
  const presets = field === 'preset' ? ((await host.presets()) ?? []) : [];
  return [
    ...values,
    ...named,
    ...models.map((model) => ({
      ...item(model.id, CompletionItemKind.Value),
      detail: priceOf(model),
      documentation: { kind: 'markdown' as const, value: describeModel(model) },
    })),
    ...presets.map(({ slug }) => item(slug, CompletionItemKind.Reference)),
  ];
}

const MODEL_FIELDS: ReadonlySet<string> = new Set([
  'allowed_models',
  'ignored_models',
  'default_text_model',
  'default_image_model',
]);

/** The last field on the way to a value. */
function fieldOf(path: readonly SchemaStep[]): string {
  return path.reduce<string>((last, step) => (step === 'items' ? last : step.field), '');
}

const plain = (text: string) => text.replace(/["']/g, '');

function rangeOf({ start, end }: FrontMatterPlace, line: number): Range {
  return { start: { line, character: start }, end: { line, character: end } };
}
