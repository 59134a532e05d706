import type { Refusal } from '../errors.ts';
import { combineContent } from '../policy/combine-content.ts';
import { ContentFilters, type Speaker } from '../policy/content-filters.ts';
import { isOperator, strictest, type TryOptions, tryDetectors } from '../policy/try-detectors.ts';
import type { DetectAnswer } from '../protocol.ts';
import type { AdminContext } from './context.ts';
import { findGuardrail } from './guardrails.ts';

export type DetectBody = TryOptions & { readonly text: string; readonly guardrailId?: string };

/** Tries a text on the detectors as they are, or on a guardrail's filters with the organization's allow-list; nothing is recorded. */
export function detect(admin: AdminContext, organizationId: string, body: DetectBody): DetectAnswer | Refusal {
  const began = performance.now();
  const tried =
    body.guardrailId === undefined
      ? tryDetectors(body.text, body)
      : tryGuardrail(admin, organizationId, body, body.guardrailId);
  if ('kind' in tried) return tried;
  return {
    ...tried,
    findings: [...tried.findings],
    milliseconds: Math.round((performance.now() - began) * 1_000) / 1_000,
  };
}

function tryGuardrail(
  admin: AdminContext,
  organizationId: string,
  { text, only, role }: DetectBody,
  id: string,
): Omit<DetectAnswer, 'milliseconds'> | Refusal {
  const found = findGuardrail(admin, organizationId, id);
  if (found.kind === 'refused') return found;
  const { name, rules } = found.row;
  const source = { scope: 'api-key' as const, guardrailId: id, name: `guardrail "${name}"` };
  const ceiling = admin.store.guardrails.policies().find((one) => one.organizationId === organizationId);
  const content = combineContent([{ source, rules }], ceiling?.injectionAllowList ?? []);
  if (content === null) return { findings: [], action: 'allow' };
  const hits = new ContentFilters(content)
    .input(text, speakerOf(role))
    .filter(({ detector, type }) => only === undefined || only.includes(detector) || only.includes(type));
  return {
    findings: hits.map(({ detector, type, start, end, score, rule, action }) => ({
      detector,
      type,
      start,
      end,
      ...(score === null ? {} : { score }),
      ...(rule === null ? {} : { rule }),
      action,
    })),
    action: strictest(hits.map(({ action }) => action)),
  };
}

function speakerOf(role: string | undefined): Speaker {
  if (isOperator(role)) return 'system';
  return role === 'assistant' || role === 'tool' ? role : 'user';
}
