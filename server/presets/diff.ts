import { createTwoFilesPatch, FILE_HEADERS_ONLY, formatPatch } from 'diff';
import { formatPresetFile, type PresetFile } from './file.ts';

type Side = { readonly label: string; readonly file: PresetFile };

/** Lines that may differ before the search for what they share is given up: its time grows by their square. */
const MOST_EDITS = 2000;

/** A unified diff of two presets in canonical text, with the labels as file names; empty when they say the same. */
export function diffPresets(a: Side, b: Side): string {
  const [before, after] = [formatPresetFile(a.file), formatPresetFile(b.file)];
  if (before === after) return '';
  const options = { context: 3, headerOptions: FILE_HEADERS_ONLY, maxEditLength: MOST_EDITS };
  return (
    createTwoFilesPatch(a.label, b.label, before, after, undefined, undefined, options) ??
    replaced(a.label, b.label, linesOf(before), linesOf(after))
  );
}

function replaced(
  oldFileName: string,
  newFileName: string,
  before: readonly string[],
  after: readonly string[],
): string {
  const lines = [...before.map((line) => `-${line}`), ...after.map((line) => `+${line}`)];
  const hunk = { oldStart: 1, oldLines: before.length, newStart: 1, newLines: after.length, lines };
  const patch = {
    oldFileName,
    newFileName,
    oldHeader: undefined,
    newHeader: undefined,
    hunks: [hunk],
  };
  return formatPatch(patch, FILE_HEADERS_ONLY);
}

/** Canonical text ends in a newline. */
function linesOf(text: string): readonly string[] {
  return text.slice(0, -1).split('\n');
}
