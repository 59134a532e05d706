import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parsePresetFile, presetSlugOfPath } from '../presets/file.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';

/** A preset file without errors, and the folder that owns what it publishes. Its warnings are not told. */
export function readPresetFile(file: string): {
  readonly slug: string;
  readonly text: string;
  readonly folder: string;
} {
  const path = resolve(file);
  const slug = presetSlugOfPath(path);
  if (slug === null) {
    const remedy = 'Call it <slug>.preset.md, the slug in small letters, digits and single hyphens.';
    throw new CommandFailure(`${file} is not named as a preset file`, remedy, EXIT.usage);
  }
  const text = read(path);
  const errors = parsePresetFile(text).problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) {
    const lines = errors.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`);
    throw new CommandFailure(lines.join('\n'), null, EXIT.usage);
  }
  return { slug, text, folder: owningFolder(path) };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CommandFailure(
      `Cannot read the preset file: ${error instanceof Error ? error.message : error}`,
      null,
      EXIT.usage,
    );
  }
}

/** The nearest folder above that holds `.callgate`, as an editor's workspace would; else the file's own. */
function owningFolder(path: string): string {
  for (let folder = dirname(path); ; ) {
    if (existsSync(join(folder, '.callgate'))) return folder;
    const parent = dirname(folder);
    if (parent === folder) return dirname(path);
    folder = parent;
  }
}
