import type { Command } from 'commander';
import * as z from 'zod';
import { CALLGATE_API, type ProviderSummary, providerSummary } from '../protocol.ts';
import { connect } from './api.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { addCommand, globalsOf } from './globals.ts';
import { note, print, printJson, table } from './output.ts';
import { readSecret } from './stdin.ts';

const summaries = z.object({ data: z.array(providerSummary) });
const anything = z.unknown();
const keyPath = (slug: string) => `${CALLGATE_API}/providers/${encodeURIComponent(slug)}/key`;

export function addProviders(program: Command): void {
  const providers = addCommand(program, 'providers', 'model providers, and their keys');

  addCommand(providers, 'list', 'the providers that can be called, or all that are known')
    .option('--all', 'also those without a key, and servers on this machine that do not run')
    .action(async (options: { all?: true }, command: Command) => {
      const globals = globalsOf(command);
      const { data } = await (await connect(globals)).call(summaries, 'GET', `${CALLGATE_API}/providers`);
      if (globals.json) return printJson(data);
      const shown = options.all ? data : data.filter((provider) => !isIdle(provider));
      const rows = shown.map(({ slug, name, key, models, base_url }) => [slug, name, key, String(models), base_url]);
      print(table(['PROVIDER', 'NAME', 'KEY', '>MODELS', 'BASE URL'], rows));
      const keyless = data.filter(({ key }) => key === 'missing').map(({ slug }) => slug);
      if (keyless.length > 0) note(`Need only a key (callgate providers set-key): ${keyless.join(', ')}`);
    });

  addCommand(providers, 'set-key <provider>', 'keep its key, encrypted; the key is read from standard input')
    .option('--name <name>', 'which of several keys (stored:name in config.yaml)')
    .action(async (slug: string, { name }: { name?: string }, command: Command) => {
      const globals = globalsOf(command);
      const key = await readSecret(`Key of ${slug}: `);
      if (key === '') throw new CommandFailure('No key was given', 'Pipe it in, or type it when asked.', EXIT.usage);
      if (/[^\x21-\x7e]/.test(key)) {
        throw new CommandFailure('A key has no blanks and no other than ASCII characters', null, EXIT.usage);
      }
      const answer = await (await connect(globals)).call(anything, 'PUT', keyPath(slug), { key, name });
      if (globals.json) return printJson(answer);
      note(`The key of ${slug} is kept.`);
    });

  addCommand(providers, 'delete-key <provider>', 'forget its key')
    .option('--name <name>', 'which of several keys')
    .action(async (slug: string, { name }: { name?: string }, command: Command) => {
      const globals = globalsOf(command);
      const answer = await (await connect(globals)).call(
        anything,
        'DELETE',
        `${keyPath(slug)}${name === undefined ? '' : `?name=${encodeURIComponent(name)}`}`,
      );
      if (globals.json) return printJson(answer);
      note(`The key of ${slug} is forgotten.`);
    });
}

/** Has no key, or is a server on this machine that was not found. */
const isIdle = ({ key, models }: ProviderSummary) => key === 'missing' || (key === 'none' && models === 0);
