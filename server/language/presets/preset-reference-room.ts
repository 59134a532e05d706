import {
  type CompletionItem,
  CompletionItemKind,
  type Diagnostic,
  DiagnosticSeverity,
  type Position,
} from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { nearestNames } from '../../presets/nearest.ts';
import { findPresetReferences, formatPresetReference, PRESET_MARK } from '../../presets/reference.ts';
import type { PresetSummary } from '../../protocol.ts';
import { isPresetFile, MOST_TEXT } from '../document-kind.ts';
import { documentEdit } from '../edits.ts';
import type { Fix, Room, RoomContext } from '../room.ts';

/** `@preset/…` in any language: unknown ones are reported, known ones explained. */
export function presetReferenceRoom({ host }: RoomContext): Room {
  const unusable = async (document: TextDocument): Promise<readonly Unusable[]> => {
    const references = isProse(document) ? [] : referencesIn(document);
    const presets = references.length === 0 ? null : await host.presets();
    return presets === null ? [] : references.flatMap((reference) => problemOf(reference, presets));
  };
  return {
    name: 'preset references',
    diagnose: async (document) => (await unusable(document)).map((one) => diagnosticOf(document, one)),
    complete: (document, position) => completions(document, position, host.presets),
    hover: async (document, position) => {
      const offset = document.offsetAt(position);
      const reference = referencesIn(document).find(({ start, end }) => start <= offset && offset <= end);
      const presets = reference === undefined ? null : await host.presets();
      const preset = presets?.find(({ slug }) => slug === reference?.slug);
      if (reference === undefined || preset === undefined) return null;
      const range = { start: document.positionAt(reference.start), end: document.positionAt(reference.end) };
      return { contents: { kind: 'markdown', value: describePreset(preset, reference.text) }, range };
    },
    fix: async (document, range) => {
      const [from, to] = [document.offsetAt(range.start), document.offsetAt(range.end)];
      const touched = (await unusable(document)).filter(({ start, end }) => start <= to && end >= from);
      return touched.flatMap((one) => renameFixes(document, one));
    },
  };
}

/** One reference; `start` and `end` are those of `@preset/slug`, without a model before it or a pin behind. */
type Reference = {
  readonly start: number;
  readonly end: number;
  readonly slug: string;
  readonly isDraft: boolean;
  /** As it is written, canonical. */
  readonly text: string;
};
type Unusable = Reference & { readonly code: string; readonly message: string; readonly nearest: readonly string[] };

function referencesIn(document: TextDocument): readonly Reference[] {
  const text = document.getText();
  if (text.length > MOST_TEXT) return [];
  return findPresetReferences(text).map(({ start, end, reference }) => {
    const mark = start + text.slice(start, end).lastIndexOf(PRESET_MARK);
    return {
      start: mark,
      end: mark + PRESET_MARK.length + reference.slug.length,
      slug: reference.slug,
      isDraft: reference.pin?.kind === 'draft',
      text: formatPresetReference(reference),
    };
  });
}

/** Where `@preset/name` is likely to be an example in a text for people. */
function isProse(document: TextDocument): boolean {
  return isPresetFile(document) || document.languageId === 'markdown' || document.languageId === 'plaintext';
}

function problemOf(reference: Reference, presets: readonly PresetSummary[]): readonly Unusable[] {
  const preset = presets.find(({ slug }) => slug === reference.slug);
  if (preset === undefined) {
    // A draft need not have been published.
    if (reference.isDraft) return [];
    const slugs = presets.filter(({ status }) => status === 'active').map(({ slug }) => slug);
    const nearest = nearestNames(reference.slug, slugs);
    const hint = nearest.length === 0 ? '' : ` Did you mean ${nearest.map((slug) => `@preset/${slug}`).join(', ')}?`;
    const message = `No preset "${reference.slug}" is published; a call to it will fail.${hint}`;
    return [{ ...reference, code: 'preset/unknown', message, nearest }];
  }
  if (preset.status === 'active') return [];
  const message = `The preset "${reference.slug}" is ${preset.status}; a call to it will fail.`;
  return [{ ...reference, code: `preset/${preset.status}`, message, nearest: [] }];
}

function diagnosticOf(document: TextDocument, { start, end, code, message }: Unusable): Diagnostic {
  const range = { start: document.positionAt(start), end: document.positionAt(end) };
  return { range, severity: DiagnosticSeverity.Warning, source: 'Callgate', code, message };
}

function renameFixes(document: TextDocument, problem: Unusable): readonly Fix[] {
  return problem.nearest.map((slug, index) => ({
    title: `Change to @preset/${slug}`,
    diagnostics: [diagnosticOf(document, problem)],
    isPreferred: index === 0,
    edit: () => {
      const edit = { start: problem.start, end: problem.end, text: `${PRESET_MARK}${slug}` };
      return { documentChanges: [documentEdit(document, document.version, [edit])] };
    },
  }));
}

async function completions(
  document: TextDocument,
  position: Position,
  presets: () => Promise<readonly PresetSummary[] | null>,
): Promise<readonly CompletionItem[]> {
  const offset = document.offsetAt(position);
  const text = document.getText();
  const typed = /@preset\/([a-z0-9-]*)$/.exec(text.slice(Math.max(0, offset - 80), offset))?.[1];
  if (typed === undefined) return [];
  const rest = /^[a-z0-9-]*/.exec(text.slice(offset, offset + 80))?.[0] ?? '';
  const range = {
    start: document.positionAt(offset - typed.length),
    end: document.positionAt(offset + rest.length),
  };
  const usable = ((await presets()) ?? []).filter(({ status }) => status === 'active');
  return usable.map((preset) => ({
    label: preset.slug,
    kind: CompletionItemKind.Reference,
    detail: [preset.version === null ? 'not published' : `version ${preset.version}`, preset.model ?? '']
      .filter(Boolean)
      .join(' · '),
    documentation: { kind: 'markdown', value: describePreset(preset, `${PRESET_MARK}${preset.slug}`) },
    textEdit: { range, newText: preset.slug },
  }));
}

/** Markdown. */
function describePreset(preset: PresetSummary, reference: string): string {
  const version = preset.version === null ? 'not published' : `version ${preset.version}`;
  const hash = preset.hash === null ? '' : ` (\`${preset.hash}\`)`;
  const facts = [`${version}${hash}`, preset.model === null ? null : `\`${preset.model}\``, preset.status];
  const title = `**${reference}** · ${preset.name}`;
  return [title, preset.description ?? '', facts.filter((fact) => fact !== null).join(' · ')]
    .filter((part) => part !== '')
    .join('\n\n');
}
