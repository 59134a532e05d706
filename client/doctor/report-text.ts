import { l10n } from 'vscode';
import type { DoctorFinding, DoctorReport } from '../../server/protocol.ts';
import { formatDuration } from '../duration.ts';
import { formatUsd } from '../money.ts';

/** A report as a document to be read as it stands: what is wrong first, with its cure, then what is well. */
export function reportText(report: DoctorReport): string {
  const of = (status: DoctorFinding['status']) => report.findings.filter((finding) => finding.status === status);
  const sections = [
    [l10n.t('Problems'), of('problem')],
    [l10n.t('Warnings'), of('warning')],
    [l10n.t('Fine'), of('ok')],
    // Last: servers of this machine that do not run are among them, whoever wants them or not.
    [l10n.t('Not examined'), of('skipped')],
  ] as const;
  const parts = sections.flatMap(([title, findings]) =>
    findings.length === 0 ? [] : [`## ${title}`, findings.map(findingText).join('\n')],
  );
  const head = report.ok ? l10n.t('The doctor found no problem.') : l10n.t('The doctor found problems.');
  const at = l10n.t('Examined at {0}.', localTime(report.checked_at));
  const cost =
    report.cost > 0 ? [l10n.t('The calls cost {0}, charged to the key “editor”.', formatUsd(report.cost))] : [];
  return `${[`# ${l10n.t('Callgate: Doctor')}`, [head, at, ...cost].join(' '), ...parts].join('\n\n')}\n`;
}

function findingText({ name, code, message, remedy, tried }: DoctorFinding): string {
  const title = `- **${oneLine(name)}**: ${oneLine(message)}${code === 'ok' ? '' : ` \`${oneLine(code)}\``}`;
  const details = [...(remedy ? [`→ ${oneLine(remedy)}`] : []), ...(tried ? triedLines(tried) : [])];
  return [title, ...details.map((detail) => `  - ${detail}`)].join('\n');
}

function triedLines(tried: NonNullable<DoctorFinding['tried']>): readonly string[] {
  const steps = [
    [l10n.t('DNS'), tried.dns_ms],
    [l10n.t('connection'), tried.connect_ms],
    [l10n.t('proxy'), tried.proxy_ms],
    ['TLS', tried.tls_ms],
    [l10n.t('first byte'), tried.first_byte_ms],
  ] as const;
  const times = steps.flatMap(([name, ms]) => (ms === null ? [] : [`${name} ${formatDuration(ms)}`]));
  const where = [tried.base_url, tried.model, tried.proxy && l10n.t('through the proxy {0}', tried.proxy)];
  return [
    where.filter(Boolean).join(' · '),
    ...(times.length > 0 ? [times.join(', ')] : []),
    ...(tried.generation_id ? [`\`${tried.generation_id}\``] : []),
  ];
}

/** A provider's own words may hold anything. */
const oneLine = (text: string) => text.replace(/\s+/g, ' ').trim();

/** `2026-11-22 20:49`, as the clock on this desk has it; the year first, for no two countries agree on the rest. */
function localTime(iso: string): string {
  const date = new Date(iso);
  const two = (part: number) => String(part).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
