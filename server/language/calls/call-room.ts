import { type Diagnostic, DiagnosticSeverity, type Range } from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { PresetSummary } from '../../protocol.ts';
import { grammarOf } from '../document-kind.ts';
import { documentEdit } from '../edits.ts';
import type { Fix, Room, RoomContext } from '../room.ts';
import { type ProviderCall, routeEdits } from './provider-call.ts';
import { SDK_RULES } from './sdk-rule.ts';

/** As many presets as a person reads in a menu. */
const MOST_FIXES = 6;
/** The preset every daemon is born with; offered while the daemon cannot say which there are. */
const FIRST_PRESET = 'hello';

/** Code that speaks to a provider itself: reported, and routed through Callgate where the result is known to run. */
export function callRoom(context: RoomContext): Room {
  return {
    name: 'calls',
    diagnose: async (document) => {
      const calls = await callsIn(document, context);
      return calls.map((call) => diagnosticOf(document, call));
    },
    fix: async (document, range) => {
      const calls = (await callsIn(document, context)).filter((call) => touches(document, call, range));
      const presets = calls.length === 0 ? [] : await context.host.presets();
      return calls.flatMap((call) => routeFixes(document, call, presets));
    },
    close: (document) => context.syntax.close(context.keyOf(document)),
  };
}

async function callsIn(document: TextDocument, { syntax, host, keyOf }: RoomContext): Promise<readonly ProviderCall[]> {
  const grammar = grammarOf(document);
  const text = document.getText();
  if (grammar === null || !SDK_RULES.some((rule) => text.includes(rule.keyword))) return [];
  return syntax.calls({ key: keyOf(document), grammar, text }, host.baseUrl());
}

function diagnosticOf(document: TextDocument, call: ProviderCall): Diagnostic {
  const why = call.route.kind === 'none' ? ` (no fix: ${call.route.reason})` : '';
  return {
    range: { start: document.positionAt(call.start), end: document.positionAt(call.end) },
    severity: DiagnosticSeverity.Information,
    source: 'Callgate',
    code: call.rule,
    message: `Direct provider call: it bypasses caps and presets${why}`,
  };
}

function routeFixes(document: TextDocument, call: ProviderCall, presets: readonly PresetSummary[] | null): Fix[] {
  const { route } = call;
  if (route.kind === 'none') return [];
  return relevantSlugs(call, presets).map((slug, index) => ({
    title: `Route through Callgate (@preset/${slug})`,
    diagnostics: [diagnosticOf(document, call)],
    isPreferred: index === 0,
    edit: () => ({ documentChanges: [documentEdit(document, document.version, routeEdits(route, slug))] }),
  }));
}

/** Active presets, those of the model the code names first, then the newest. */
function relevantSlugs(call: ProviderCall, presets: readonly PresetSummary[] | null): readonly string[] {
  const usable = (presets ?? []).filter((preset) => preset.status === 'active' && preset.version !== null);
  if (usable.length === 0) return [FIRST_PRESET];
  const isSameModel = ({ model }: PresetSummary): boolean =>
    model !== null && call.models.some((named) => model === named || model.endsWith(`/${named}`));
  const ranked = usable.toSorted(
    (a, b) =>
      Number(isSameModel(b)) - Number(isSameModel(a)) ||
      Number(b.slug === FIRST_PRESET) - Number(a.slug === FIRST_PRESET) ||
      b.updated_at.localeCompare(a.updated_at),
  );
  return ranked.slice(0, MOST_FIXES).map((preset) => preset.slug);
}

function touches(document: TextDocument, call: ProviderCall, range: Range): boolean {
  return call.start <= document.offsetAt(range.end) && call.end >= document.offsetAt(range.start);
}
