import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { CALLGATE_API, type DoctorFinding, type DoctorReport, doctorEvent } from '../protocol.ts';
import { connect } from './api.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { addCommand, globalsOf } from './globals.ts';
import { dim, note, oneLine, print, printJson, table, usd } from './output.ts';
import { parseCount } from './values.ts';

type Options = { readonly provider: readonly string[]; readonly deep?: boolean; readonly slow?: number };

const MARKS: Readonly<Record<DoctorFinding['status'], string>> = {
  ok: 'ok',
  warning: 'WARNING',
  problem: 'PROBLEM',
  skipped: 'skipped',
};

export function addDoctor(program: Command): void {
  addCommand(
    program,
    'doctor',
    'call every provider once, minimally, from the daemon’s own place; say what is wrong, and the cure',
  )
    .option(
      '-p, --provider <slug>',
      'only this one, key or not (repeatable)',
      (slug, all: readonly string[]) => [...all, slug],
      [],
    )
    .option('--deep', 'read the whole database through as well')
    .option('--slow <ms>', 'from how many milliseconds to the first byte an answer is slow (3000)', parseCount)
    .addHelpText(
      'after',
      '\nThe calls cost a fraction of a cent, charged to the key “editor”.\nExit code 1 when a problem was found; warnings alone leave it 0.',
    )
    .action(async ({ provider, deep, slow }: Options, command: Command) => {
      const globals = globalsOf(command);
      const stop = new AbortController();
      process.once('SIGINT', () => stop.abort());
      const body = {
        ...(provider.length > 0 ? { providers: provider } : {}),
        ...(deep ? { deep } : {}),
        ...(slow === undefined ? {} : { slow_ms: slow }),
      };
      try {
        const api = await connect(globals, stop.signal);
        const answer = await api.open('POST', `${CALLGATE_API}/doctor`, {
          body: JSON.stringify(body),
          headers: { accept: 'application/x-ndjson' },
          signal: stop.signal,
        });
        const report = await follow(createInterface({ input: answer }), !globals.json);
        if (globals.json) printJson(report);
        else show(report);
        if (!report.ok) throw new CommandFailure(problems(report));
      } catch (error) {
        if (!stop.signal.aborted) throw error;
        throw new CommandFailure('Interrupted', null, EXIT.interrupted);
      }
    });
}

/** Reads what is told on the way, and shows what is under way where a person looks on. */
async function follow(lines: AsyncIterable<string>, isShown: boolean): Promise<DoctorReport> {
  const running = new Set<string>();
  const progress = (text: string) => {
    if (isShown && process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${text}`);
  };
  try {
    for await (const line of lines) {
      const event = doctorEvent.parse(JSON.parse(line));
      if (event.kind === 'report') return event.report;
      if (event.kind === 'checking') running.add(event.name);
      else running.delete(event.finding.name);
      progress(dim(`checking ${oneLine([...running].join(', '))} …`, process.stderr));
    }
  } finally {
    progress('');
  }
  throw new CommandFailure('The daemon broke the examination off', 'See `callgate logs`.');
}

function show(report: DoctorReport): void {
  const rows = report.findings.map((finding) => [
    MARKS[finding.status],
    finding.name,
    finding.code === 'ok' ? '' : finding.code,
    finding.message,
    times(finding),
  ]);
  print(table(['', 'WHAT', 'CODE', 'FOUND', 'MS'], rows));
  const cures = report.findings.filter(({ remedy, status }) => remedy !== null && status !== 'skipped');
  if (cures.length > 0) print('');
  for (const { name, remedy } of cures) print(oneLine(`${name}: ${remedy}`));
  if (report.cost > 0) note(dim(`The calls cost ${usd(report.cost)}, charged to the key “editor”.`, process.stderr));
}

/** `dns 2, connect 12, tls 20, first byte 340` */
function times({ tried }: DoctorFinding): string {
  if (!tried) return '';
  const steps = [
    ['dns', tried.dns_ms],
    ['connect', tried.connect_ms],
    ['proxy', tried.proxy_ms],
    ['tls', tried.tls_ms],
    ['first byte', tried.first_byte_ms],
  ] as const;
  return steps.flatMap(([name, ms]) => (ms === null ? [] : [`${name} ${Math.round(ms)}`])).join(', ');
}

function problems({ findings }: DoctorReport): string {
  const names = new Set(findings.filter(({ status }) => status === 'problem').map(({ name }) => name));
  return `${names.size === 1 ? 'A problem was' : 'Problems were'} found: ${[...names].join(', ')}`;
}
