import { l10n } from 'vscode';
import { formatDuration } from '../duration.ts';
import { formatUsd } from '../money.ts';
import type { Usage } from './chunks.ts';
import type { Transcript } from './transcript.ts';

/** A transcript as a Markdown document: what was asked, the answer, and at its end what it took. */
export function renderTranscript(transcript: Transcript): string {
  const { text, reasoning, ending } = transcript;
  const parts = [`# @preset/${transcript.preset}`, quote(transcript.prompt)];
  if (reasoning !== '') parts.push(`*${l10n.t('Reasoning')}*\n\n${quote(reasoning)}`);
  if (text !== '') parts.push(text);
  if (!ending) parts.push('…');
  else parts.push(['---', ...endingLines(transcript), ...footerLines(transcript)].join('\n'));
  return `${parts.join('\n\n')}\n`;
}

function endingLines({ ending, finishReason }: Transcript): readonly string[] {
  switch (ending?.kind) {
    case 'failed':
      return ['', `**${ending.message}**`, ...(ending.remedy ? ['', ending.remedy] : []), ''];
    case 'cancelled':
      return ['', `**${l10n.t('Cancelled')}**`, ''];
    default:
      return finishReason === 'length' ? ['', `**${l10n.t('Cut at the limit of tokens')}**`, ''] : [''];
  }
}

function footerLines(transcript: Transcript): readonly string[] {
  const { usage, id, startedAt, firstTokenAt, endedAt } = transcript;
  const lines: string[] = [];
  const add = (name: string, value: string) => lines.push(`- **${name}** ${value}`);
  const route = routeText(transcript);
  if (route) add(l10n.t('route'), route);
  if (usage) add(l10n.t('tokens'), tokensText(usage));
  if (usage) add(l10n.t('cost'), costText(usage));
  if (endedAt !== null) {
    const total = formatDuration(endedAt - startedAt);
    add(
      l10n.t('time'),
      firstTokenAt === null
        ? total
        : l10n.t('{0}, the first token after {1}', total, formatDuration(firstTokenAt - startedAt)),
    );
  }
  if (id) add(l10n.t('call'), `\`${id}\``);
  return lines;
}

function routeText({ model, provider, attempts }: Transcript): string {
  if (!model && !provider) return '';
  const route = [model, provider && l10n.t('by {0}', provider)].filter(Boolean).join(' ');
  const failures = attempts.filter(({ status }) => typeof status === 'number' && status >= 400);
  if (failures.length === 0) return route;
  const tried = failures.map((attempt) => `${attempt.model} ${l10n.t('by {0}', attempt.provider)}: ${attempt.status}`);
  return l10n.t('{0}, after {1}', route, tried.join('; '));
}

function tokensText(usage: Usage): string {
  const cached = usage.prompt_tokens_details?.cached_tokens ?? 0;
  const reasoning = usage.completion_tokens_details?.reasoning_tokens ?? 0;
  const input =
    l10n.t('{0} in', count(usage.prompt_tokens)) + (cached > 0 ? ` (${l10n.t('{0} cached', count(cached))})` : '');
  const output =
    l10n.t('{0} out', count(usage.completion_tokens)) +
    (reasoning > 0 ? ` (${l10n.t('{0} reasoning', count(reasoning))})` : '');
  return `${input}, ${output}`;
}

/** An unknown price is said, never shown as zero; a computed cost says that it is one. */
function costText({ cost, callgate }: Usage): string {
  if (cost === null || cost === undefined) return l10n.t('unknown: the model has no price');
  switch (callgate?.cost_source) {
    case 'reported':
      return l10n.t('{0}, reported by the provider', formatUsd(cost));
    case 'computed':
      return l10n.t('{0}, computed from prices', formatUsd(cost));
    case 'estimated':
      return l10n.t('{0}, estimated', formatUsd(cost));
    default:
      return formatUsd(cost);
  }
}

function count(tokens: number | null | undefined): string {
  return (tokens ?? 0).toLocaleString('en-US');
}

function quote(text: string): string {
  return text
    .trim()
    .split(/\r?\n/)
    .map((line) => `> ${line}`.trimEnd())
    .join('\n');
}
