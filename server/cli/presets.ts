import type { Command } from 'commander';
import * as z from 'zod';
import { API, CALLGATE_API, presetDiff, presetSummary, presetVersion, publishResult } from '../protocol.ts';
import { type Api, connect } from './api.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { addCommand, globalsOf } from './globals.ts';
import { facts, note, oneLine, print, printJson, table, when } from './output.ts';
import { parseCount } from './values.ts';

const summaries = z.object({ data: z.array(presetSummary) });
const versions = z.object({ data: z.array(presetVersion) });
const oneVersion = z.object({ data: presetVersion });
const onePreset = z.looseObject({
  data: z.looseObject({
    slug: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    status: z.string(),
    designated_version: z.looseObject({ version: z.number() }).nullable(),
  }),
});

const of = (slug: string) => `${API}/presets/${encodeURIComponent(slug)}`;
const beyond = (slug: string) => `${CALLGATE_API}/presets/${encodeURIComponent(slug)}`;

export function addPresets(program: Command): void {
  const presets = addCommand(program, 'presets', 'presets: published versions of preset files');

  addCommand(presets, 'list', 'all presets').action(async (_: unknown, command: Command) => {
    const globals = globalsOf(command);
    const { data } = await (await connect(globals)).call(summaries, 'GET', `${CALLGATE_API}/presets`);
    if (globals.json) return printJson(data);
    if (data.length === 0) return note('No presets yet; `callgate presets publish <file>` makes one.');
    print(
      table(
        ['PRESET', 'STATUS', '>VERSION', 'HASH', 'MODEL', 'UPDATED', 'FOLDER'],
        data.map((preset) => [
          `@preset/${preset.slug}`,
          preset.status,
          preset.version === null ? '–' : String(preset.version),
          preset.hash ?? '–',
          preset.model ?? '–',
          when(preset.updated_at),
          preset.folder ?? '–',
        ]),
      ),
    );
  });

  addCommand(presets, 'show <slug> [version]', 'one preset: its designated version, or the one named').action(
    async (slug: string, number: string | undefined, _: unknown, command: Command) => {
      const globals = globalsOf(command);
      const api = await connect(globals);
      const { data: preset } = await api.call(onePreset, 'GET', of(slug));
      const wanted = number === undefined ? preset.designated_version?.version : parseCount(number);
      const version =
        wanted === undefined ? null : (await api.call(oneVersion, 'GET', `${of(slug)}/versions/${wanted}`)).data;
      if (globals.json) return printJson({ ...preset, shown_version: version });
      print(
        facts([
          ['preset', `@preset/${preset.slug}`],
          ['name', oneLine(preset.name)],
          ...(preset.description ? [['description', oneLine(preset.description)] as const] : []),
          ['status', preset.status],
          ['version', version ? describe(version) : 'none published'],
          ...Object.entries(version?.config ?? {}).map(([name, value]) => [name, JSON.stringify(value)] as const),
        ]),
      );
      if (version?.system_prompt) print(`\n${version.system_prompt}`);
    },
  );

  addCommand(presets, 'publish <file>', 'make the file’s text the next version, and the one that calls use')
    .option('--message <text>', 'what changed')
    .option('--take-over', 'take the preset from the folder that owns it')
    .action(async (file: string, options: { message?: string; takeOver?: boolean }, command: Command) => {
      const globals = globalsOf(command);
      // At need: the presets' schema is dear to load, and most commands do without.
      const { readPresetFile } = await import('./preset-file.ts');
      const { slug, text, folder } = readPresetFile(file);
      const body = { text, folder, message: options.message, take_over: options.takeOver };
      const result = await (await connect(globals)).call(publishResult, 'POST', `${beyond(slug)}/publish`, body);
      if (globals.json) return printJson(result);
      print(`@preset/${slug}@${result.version.version}`);
      note(
        result.created
          ? `Published version ${describe(result.version)}.`
          : 'Unchanged: this text is the designated version already.',
      );
    });

  addCommand(presets, 'versions <slug>', 'its versions, newest first; * is the one that calls use').action(
    async (slug: string, _: unknown, command: Command) => {
      const globals = globalsOf(command);
      const all = await versionsOf(await connect(globals), slug);
      if (globals.json) return printJson(all);
      print(
        table(
          ['', '>VERSION', 'HASH', 'CREATED', 'SOURCE', 'MESSAGE'],
          [...all]
            .reverse()
            .map((one) => [
              one.designated ? '*' : '',
              String(one.version),
              one.hash,
              when(one.created_at),
              one.source,
              one.message ?? '',
            ]),
        ),
      );
    },
  );

  addCommand(presets, 'rollback <slug> <version>', 'let calls use an older version')
    .option('--message <text>', 'why')
    .action(async (slug: string, number: string, options: { message?: string }, command: Command) => {
      const globals = globalsOf(command);
      const body = { version: parseCount(number), message: options.message };
      const result = await (await connect(globals)).call(publishResult, 'POST', `${beyond(slug)}/rollback`, body);
      if (globals.json) return printJson(result);
      print(`@preset/${slug}@${result.version.version}`);
      note(`Calls to @preset/${slug} now use version ${describe(result.version)}.`);
    });

  addCommand(
    presets,
    'diff <slug> [from] [to]',
    'what changed between two versions (default: the designated one and the one before)',
  ).action(async (slug: string, from: string | undefined, to: string | undefined, _: unknown, command: Command) => {
    const globals = globalsOf(command);
    const api = await connect(globals);
    const range = await rangeOf(api, slug, from, to);
    const result = await api.call(presetDiff, 'GET', `${beyond(slug)}/diff?from=${range.from}&to=${range.to}`);
    if (globals.json) return printJson(result);
    if (result.diff === '') note(`Versions ${result.from} and ${result.to} are the same.`);
    else process.stdout.write(result.diff.endsWith('\n') ? result.diff : `${result.diff}\n`);
  });

  for (const command of presets.commands)
    command.option('--workspace <workspace>', 'of this workspace, by slug or id (default: the default one)');
}

/** Ascending, as OpenRouter lists them; in pages of the most it allows. */
async function versionsOf(api: Api, slug: string) {
  const all: z.infer<typeof presetVersion>[] = [];
  for (;;) {
    const { data } = await api.call(versions, 'GET', `${of(slug)}/versions?limit=100&offset=${all.length}`);
    all.push(...data);
    if (data.length < 100) return all;
  }
}

async function rangeOf(api: Api, slug: string, from: string | undefined, to: string | undefined) {
  if (from !== undefined && to !== undefined) return { from: parseCount(from), to: parseCount(to) };
  const all = await versionsOf(api, slug);
  const designated = all.find((one) => one.designated)?.version ?? all.at(-1)?.version;
  if (designated === undefined) throw new CommandFailure(`@preset/${slug} has no published version`);
  if (from !== undefined) return { from: parseCount(from), to: designated };
  const before = all.filter(({ version }) => version < designated).at(-1)?.version;
  if (before !== undefined) return { from: before, to: designated };
  throw new CommandFailure(`@preset/${slug} has no version before ${designated}`, 'Name two versions.', EXIT.usage);
}

function describe({ version, hash, message }: z.infer<typeof presetVersion>): string {
  return `${version} (${hash})${message ? `: ${oneLine(message)}` : ''}`;
}
