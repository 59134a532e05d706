import { l10n } from 'vscode';
import type { DoctorFinding, DoctorReport } from '../../server/protocol.ts';
import { formatDuration } from '../duration.ts';
import { formatUsd } from '../money.ts';

/** A report as a document to be read as it stands: what is wrong first, with its cure, then what is well. */
export function reportText(report: DoctorReport): string {
  const of = (...statuses: readonly DoctorFinding['status'][]) =>
    report.findings.filter(({ status }) => statuses.includes(status));
  const sections = [
    [l10n.t('Problems'), of('problem')],
    [l10n.t('Warnings'), of('warning')],
    [l10n.t('Not examined'), of('skipped')],
    [l10n.t('Fine'), of('ok')],
  ] as const;
  const parts = sections.flatMap(([title, findings]) =>
    findings.length === 0 ? [] : [`## ${title}`, ...findings.map(findingText)],
  );
  const head = report.ok ? l10n.t('The doctor found no problem.') : l10n.t('The doctor found problems.');
  const cost =
    report.cost > 0 ? [l10n.t('The calls cost {0}, charged to the key “editor”.', formatUsd(report.cost))] : [];
  return `${[`# ${l10n.t('Callgate: Doctor')}`, head, ...parts, '---', ...cost, report.checked_at].join('\n\n')}\n`;
}

function findingText({ name, code, message, remedy, tried }: DoctorFinding): string {
  const title = `- **${oneLine(name)}**${code === 'ok' ? '' : ` (${oneLine(code)})`}: ${oneLine(message)}`;
  return [title, ...(remedy ? [`  → ${oneLine(remedy)}`] : []), ...(tried ? triedLines(tried) : [])].join('\n');
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
    `  ${where.filter(Boolean).join(' · ')}`,
    ...(times.length > 0 ? [`  ${times.join(', ')}`] : []),
    ...(tried.generation_id ? [`  \`${tried.generation_id}\``] : []),
  ];
}

/** A provider's own words may hold anything. */
const oneLine = (text: string) => text.replace(/\s+/g, ' ').trim();
