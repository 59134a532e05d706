import { Readable } from 'node:stream';
import type { Command } from 'commander';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import * as z from 'zod';
import { CALLGATE_API } from '../protocol.ts';
import { connect } from './api.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { addCommand, globalsOf } from './globals.ts';
import { dim, note, printJson, usdOr } from './output.ts';
import { readStdin } from './stdin.ts';

const chunk = z.looseObject({
  model: z.string().nullish(),
  provider: z.string().nullish(),
  choices: z.array(z.looseObject({ delta: z.looseObject({ content: z.string().nullish() }).optional() })).optional(),
  usage: z
    .looseObject({ prompt_tokens: z.number(), completion_tokens: z.number(), cost: z.number().nullish() })
    .nullish(),
  error: z
    .looseObject({ message: z.string(), metadata: z.looseObject({ remedy: z.string().optional() }).nullish() })
    .nullish(),
});
type Chunk = z.infer<typeof chunk>;

export function addRun(program: Command): void {
  addCommand(program, 'run <preset> [prompt...]', 'ask a preset, charged to the editor’s own key')
    .option('-m, --model <model>', 'a model instead of the preset’s')
    .option('--session <id>', 'the session this call belongs to')
    .addHelpText(
      'after',
      '\n<preset> is a slug, slug@3, slug@<hash>, or a .preset.md file (its draft).\nWithout a prompt, or with -, the prompt is read from standard input.',
    )
    .action(
      async (
        preset: string,
        words: readonly string[],
        options: { model?: string; session?: string },
        command: Command,
      ) => {
        const globals = globalsOf(command);
        const prompt = await promptOf(words);
        const stop = new AbortController();
        process.once('SIGINT', () => stop.abort());
        const body = {
          ...(await targetOf(preset)),
          model: options.model,
          messages: [{ role: 'user', content: prompt }],
          stream: !globals.json,
        };
        try {
          const api = await connect(globals, stop.signal);
          const headers = {
            'x-openrouter-metadata': 'enabled',
            ...(options.session === undefined ? {} : { 'x-session-id': options.session }),
          };
          const from = performance.now();
          const answer = await api.open('POST', `${CALLGATE_API}/run`, {
            body: JSON.stringify(body),
            headers,
            signal: stop.signal,
          });
          if (globals.json) return printJson(await new Response(Readable.toWeb(answer) as ReadableStream).json());
          await stream(answer, from);
        } catch (error) {
          if (!stop.signal.aborted) throw error;
          throw new CommandFailure('Interrupted', null, EXIT.interrupted);
        }
      },
    );
}

async function promptOf(words: readonly string[]): Promise<string> {
  if (words.length > 0 && words.join(' ') !== '-') return words.join(' ');
  if (process.stdin.isTTY)
    throw new CommandFailure('No prompt was given', 'Write it after the preset, or pipe it in.', EXIT.usage);
  const prompt = await readStdin();
  if (prompt.trim() === '') throw new CommandFailure('The prompt on standard input is empty', null, EXIT.usage);
  return prompt;
}

/** A file is run as the draft that it is. */
async function targetOf(preset: string): Promise<{ readonly preset: string; readonly text?: string }> {
  if (!preset.endsWith('.preset.md')) return { preset: preset.replace(/^@preset\//, '') };
  const { readPresetFile } = await import('./preset-file.ts');
  const { slug, text } = readPresetFile(preset);
  return { preset: `${slug}@draft`, text };
}

/** Text to stdout as it comes; at the end one line to stderr that says which way it went and what it cost. */
async function stream(answer: Readable, from: number): Promise<void> {
  const events = (Readable.toWeb(answer) as ReadableStream<Uint8Array>)
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .pipeThrough(new EventSourceParserStream());
  let last: Chunk = {};
  let endsLine = true;
  for await (const { data } of events) {
    if (data === '[DONE]') break;
    const read = chunk.parse(JSON.parse(data));
    if (read.error) {
      if (!endsLine) process.stdout.write('\n');
      throw new CommandFailure(read.error.message, read.error.metadata?.remedy ?? null);
    }
    const text = read.choices?.[0]?.delta?.content ?? '';
    if (text !== '') {
      endsLine = text.endsWith('\n');
      process.stdout.write(text);
    }
    last = {
      ...last,
      ...Object.fromEntries(Object.entries(read).filter(([, value]) => value !== null && value !== undefined)),
    };
  }
  if (!endsLine) process.stdout.write('\n');
  note(dim(footer(last, performance.now() - from), process.stderr));
}

function footer({ provider, model, usage }: Chunk, ms: number): string {
  const parts = [
    [provider, model].filter(Boolean).join(' · '),
    usage ? `${usage.prompt_tokens} in, ${usage.completion_tokens} out` : 'no usage',
    usdOr(usage?.cost, 'cost unknown'),
    `${Math.round(ms)} ms`,
  ];
  return parts.filter((part) => part !== '').join(' — ');
}
