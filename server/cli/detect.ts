import { type Command, InvalidArgumentError } from 'commander';
import * as z from 'zod';
import { DETECTORS, type Tried, type TryOptions, tryDetectors } from '../policy/try-detectors.ts';
import { CALLGATE_API, type DetectAnswer, detectAnswer } from '../protocol.ts';
import { type Api, connect } from './api.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { addCommand, globalsOf } from './globals.ts';
import { dim, note, print, printJson, table } from './output.ts';
import { readStdin } from './stdin.ts';

const line = z.object({ text: z.string(), role: z.string().optional() });
const answer = z.object({ data: detectAnswer });

type Options = {
  readonly only?: readonly string[];
  readonly guardrail?: string;
  readonly threshold?: number;
  readonly jsonl?: boolean;
};
type Input = { readonly text: string; readonly role?: string | undefined };

/** `callgate detect`: the detectors, or a guardrail's filters, on standard input. Without a guardrail it needs no daemon. */
export function addDetect(program: Command): void {
  addCommand(program, 'detect', 'what the detectors find in standard input, without a call')
    .option('--only <detectors>', 'pii, secrets, injection, or types of personal data such as email,iban', parseOnly)
    .option('--guardrail <id>', 'by this guardrail’s rules and the organization’s allow-list')
    .option('--threshold <score>', 'of the injection model, 0 to 1 (default: 0.5)', parseScore)
    .option('--jsonl', 'read {"text", "role"?} a line, and print one result a line')
    .addHelpText(
      'after',
      '\nWithout a guardrail: personal data and secrets would be redacted, injections flagged, or blocked from a score of 0.9.\n' +
        'A detector is a tripwire, not a boundary: a text that it lets pass can still be an attack.',
    )
    .action(async (options: Options, command: Command) => {
      const globals = globalsOf(command);
      const api = options.guardrail === undefined ? null : await connect(globals);
      if (options.guardrail !== undefined && options.threshold !== undefined) {
        throw new CommandFailure('A guardrail has thresholds of its own', 'Leave out --threshold.', EXIT.usage);
      }
      const judge = (input: Input) => (api === null ? tryHere(input, options) : ask(api, input, options));
      if (!options.jsonl) {
        const result = await judge({ text: await readStdin() });
        return globals.json || !process.stdout.isTTY ? printJson(result) : show(result);
      }
      let number = 0;
      for (const text of (await readStdin()).split('\n')) {
        number++;
        if (text.trim() !== '') print(JSON.stringify(await judge(inputOf(text, number))));
      }
    });
}

function tryHere(input: Input, { only, threshold }: Options): DetectAnswer {
  const began = performance.now();
  const options: TryOptions = {
    ...(only === undefined ? {} : { only }),
    ...(threshold === undefined ? {} : { threshold }),
    ...(input.role === undefined ? {} : { role: input.role }),
  };
  const { findings, action }: Tried = tryDetectors(input.text, options);
  return { findings: [...findings], action, milliseconds: Math.round((performance.now() - began) * 1_000) / 1_000 };
}

async function ask(api: Api, { text, role }: Input, { only, guardrail }: Options): Promise<DetectAnswer> {
  const { data } = await api.call(answer, 'POST', `${CALLGATE_API}/detect`, {
    text,
    role,
    only,
    guardrail_id: guardrail,
  });
  return data;
}

function inputOf(text: string, number: number): Input {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CommandFailure(`Line ${number} is not JSON`, 'With --jsonl each line is {"text": "…"}.', EXIT.usage);
  }
  const parsed = line.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new CommandFailure(`Line ${number} is not {"text": "…", "role"?: "…"}`, null, EXIT.usage);
}

function show({ findings, action, milliseconds }: DetectAnswer): void {
  const rows = findings.map(({ detector, type, start, end, rule, score }) => [
    detector,
    type,
    `${start}–${end}`,
    rule ?? '',
    score === undefined ? '' : score.toFixed(2),
  ]);
  if (rows.length > 0) print(table(['DETECTOR', 'TYPE', '>WHERE', 'RULE', '>SCORE'], rows));
  else note('Nothing was found.');
  note(`${action} ${dim(`(${milliseconds} ms)`, process.stderr)}`);
}

function parseOnly(value: string): readonly string[] {
  const names = value.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !DETECTORS.includes(name));
  if (unknown === undefined) return names;
  throw new InvalidArgumentError(`"${unknown}" is none of ${DETECTORS.join(', ')}`);
}

function parseScore(value: string): number {
  const score = Number(value);
  if (value.trim() !== '' && score >= 0 && score <= 1) return score;
  throw new InvalidArgumentError(`${value} is not between 0 and 1`);
}
