import type * as z from 'zod';
import * as account from './account.ts';
import * as byok from './byok.ts';
import { chatResult } from './chat.ts';
import { errorAnswer } from './error.ts';
import { streamFaults } from './event-stream.ts';
import { faultsOf, parsed } from './faults.ts';
import * as gemini from './gemini.ts';
import * as guardrails from './guardrails.ts';
import * as messages from './messages.ts';
import * as models from './models.ts';
import * as observability from './observability.ts';
import * as presets from './presets.ts';
import * as responses from './responses.ts';
import * as workspaces from './workspaces.ts';

/** An answer as it came over the wire. `whole`: it was read to its end. */
export type Answer = {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly whole: boolean;
};

type Rule = readonly [route: RegExp, status: number, schema: z.ZodType];

const RULES: readonly Rule[] = [
  [/^POST (?:\/api)?\/v1\/chat\/completions$/, 200, chatResult],
  [/^POST (?:\/api)?\/v1\/messages$/, 200, messages.message],
  [/^POST (?:\/api)?\/v1\/messages\/count_tokens$/, 200, messages.tokenCount],
  [/^POST (?:\/api)?\/v1\/responses$/, 200, responses.wholeResponse],
  [/^POST \/v1(?:beta)?\/.+:generateContent$/, 200, gemini.content],
  [/^POST \/v1(?:beta)?\/.+:countTokens$/, 200, gemini.tokenCount],
  [/^GET \/api\/v1\/models(?:\/user)?$/, 200, models.modelList],
  [/^GET \/v1\/models$/, 200, models.openAiModelList],
  [/^GET \/api\/v1\/models\/count$/, 200, models.modelCount],
  [/^GET \/api\/v1\/model\/[^/]+\/[^/]+$/, 200, models.modelAnswer],
  [/^GET \/api\/v1\/models\/[^/]+\/[^/]+\/endpoints$/, 200, models.endpointList],
  [/^GET \/api\/v1\/endpoints\/zdr$/, 200, models.zdrEndpointList],
  [/^GET \/api\/v1\/providers$/, 200, models.providerList],
  [/^GET \/api\/v1\/key$/, 200, account.currentKey],
  [/^GET \/api\/v1\/keys$/, 200, account.keyList],
  [/^POST \/api\/v1\/keys$/, 201, account.keyCreated],
  [/^(?:GET|PATCH) \/api\/v1\/keys\/[^/]+$/, 200, account.keyAnswer],
  [/^DELETE \/api\/v1\/keys\/[^/]+$/, 200, account.deleted],
  [/^GET \/api\/v1\/credits$/, 200, account.credits],
  [/^GET \/api\/v1\/activity$/, 200, account.activity],
  [/^GET \/api\/v1\/generation$/, 200, account.generation],
  [/^POST \/api\/v1\/generation\/feedback$/, 200, account.feedbackTaken],
  [/^GET \/api\/v1\/generation\/content$/, 200, account.generationContent],
  [/^GET \/api\/v1\/presets$/, 200, presets.presetList],
  [/^GET \/api\/v1\/presets\/[^/]+$/, 200, presets.presetAnswer],
  [/^POST \/api\/v1\/presets\/[^/]+\/(?:chat\/completions|messages|responses)$/, 200, presets.presetAnswer],
  [/^GET \/api\/v1\/presets\/[^/]+\/versions$/, 200, presets.versionList],
  [/^GET \/api\/v1\/presets\/[^/]+\/versions\/[^/]+$/, 200, presets.versionAnswer],
  [/^GET \/api\/v1\/workspaces$/, 200, workspaces.workspaceList],
  [/^POST \/api\/v1\/workspaces$/, 201, workspaces.workspaceAnswer],
  [/^(?:GET|PATCH) \/api\/v1\/workspaces\/[^/]+$/, 200, workspaces.workspaceAnswer],
  [/^DELETE \/api\/v1\/workspaces\/[^/]+(?:\/budgets\/[^/]+)?$/, 200, account.deleted],
  [/^GET \/api\/v1\/workspaces\/[^/]+\/budgets$/, 200, workspaces.budgetList],
  [/^GET \/api\/v1\/workspaces\/[^/]+\/budgets\/[^/]+$/, 200, workspaces.budgetAnswer],
  [/^PUT \/api\/v1\/workspaces\/[^/]+\/budgets\/[^/]+$/, 200, workspaces.budgetSet],
  [/^GET \/api\/v1\/workspaces\/[^/]+\/members$/, 200, workspaces.memberList],
  [/^POST \/api\/v1\/workspaces\/[^/]+\/members\/add$/, 200, workspaces.membersAdded],
  [/^POST \/api\/v1\/workspaces\/[^/]+\/members\/remove$/, 200, workspaces.membersRemoved],
  [/^GET \/api\/v1\/organization\/members$/, 200, workspaces.personList],
  [/^GET \/api\/v1\/guardrails$/, 200, guardrails.guardrailList],
  [/^POST \/api\/v1\/guardrails$/, 201, guardrails.guardrailAnswer],
  [/^(?:GET|PATCH) \/api\/v1\/guardrails\/[^/]+$/, 200, guardrails.guardrailAnswer],
  [/^DELETE \/api\/v1\/guardrails\/[^/]+$/, 200, account.deleted],
  [/^GET \/api\/v1\/guardrails\/(?:[^/]+\/)?assignments\/keys$/, 200, guardrails.keyAssignmentList],
  [/^GET \/api\/v1\/guardrails\/(?:[^/]+\/)?assignments\/members$/, 200, guardrails.memberAssignmentList],
  [/^POST \/api\/v1\/guardrails\/[^/]+\/assignments\/(?:keys|members)$/, 200, guardrails.assigned],
  [/^POST \/api\/v1\/guardrails\/[^/]+\/assignments\/(?:keys|members)\/remove$/, 200, guardrails.unassigned],
  [/^(?:GET|PATCH) \/api\/v1\/callgate\/organization\/policy$/, 200, guardrails.organizationPolicy],
  [/^GET \/api\/v1\/byok$/, 200, byok.byokList],
  [/^POST \/api\/v1\/byok$/, 201, byok.byokAnswer],
  [/^(?:GET|PATCH) \/api\/v1\/byok\/[^/]+$/, 200, byok.byokAnswer],
  [/^DELETE \/api\/v1\/byok\/[^/]+$/, 200, account.deleted],
  [/^GET \/api\/v1\/observability\/destinations$/, 200, observability.destinationList],
  [/^POST \/api\/v1\/observability\/destinations$/, 201, observability.destinationAnswer],
  [/^(?:GET|PATCH) \/api\/v1\/observability\/destinations\/[^/]+$/, 200, observability.destinationAnswer],
  [/^DELETE \/api\/v1\/observability\/destinations\/[^/]+$/, 200, account.deleted],
  [/^GET \/api\/v1\/analytics\/meta$/, 200, observability.analyticsMeta],
  [/^POST \/api\/v1\/analytics\/query$/, 200, observability.analyticsResult],
];

/**
 * Every fault of an answer against OpenRouter's contract, read strictly: unknown fields, wrong types, a status its route does not
 * have, a header that is missing. An answer of a route without a rule is a fault too.
 */
export function answerFaults(answer: Answer): readonly string[] {
  const { method, path, status, text, whole } = answer;
  const route = `${method} ${path}`;
  const found = faults(answer, route).map((fault) => `${route} → ${status}: ${fault}`);
  return found.length > 0
    ? [...found, `${route} → ${status}${whole ? '' : ' (broken off)'}: ${text.slice(0, 2_000)}`]
    : [];
}

function faults({ path, status, headers, text, whole }: Answer, route: string): readonly string[] {
  const type = headers.get('content-type') ?? '';
  const isMessages = /\/v1\/messages(?:\/count_tokens)?$/.test(path);
  const isResponses = /\/v1\/responses$/.test(path);
  const isGemini = /^\/v1(?:beta)?\/.+:\w+$/.test(path);
  const isChat = path.endsWith('/chat/completions') && !path.includes('/presets/');
  const ours = headers.get('x-generation-id');
  const missing = isChat && status < 300 && ours === null ? ['X-Generation-Id is missing'] : [];
  const limits = [...headers.keys()].filter((name) => status < 300 && name.startsWith('x-ratelimit'));
  const common = [...missing, ...limits.map((name) => `${name} is only for refusals`)];
  if (isMessages && type.startsWith('text/event-stream'))
    return [...common, ...messages.messageStreamFaults(text, whole)];
  if (isGemini && type.startsWith('text/event-stream')) return [...common, ...gemini.contentStreamFaults(text, whole)];
  if (isResponses && type.startsWith('text/event-stream'))
    return [...common, ...responses.responseStreamFaults(text, whole)];
  if (type.startsWith('text/event-stream')) {
    const ids = new Set([...text.matchAll(/^data: \{"id":"([^"]*)"/gm)].map((match) => match[1]));
    const strange = [...ids]
      .filter((id) => id !== ours)
      .map((id) => `X-Generation-Id is ${ours}, the chunks say ${id}`);
    return [...common, ...strange, ...streamFaults(text, whole)];
  }
  if (!whole) return common;
  if (!/^application\/json(?:; charset=utf-8)?$/i.test(type)) return [...common, `its type is ${type}`];
  const body = parsed(text);
  if (isMessages && status >= 400) return [...common, ...faultsOf(messages.messagesError, body)];
  if (status >= 400) {
    const schema = isResponses ? responses.responsesError : isGemini ? gemini.geminiError : errorAnswer;
    return [...common, ...faultsOf(schema, body), ...codeFaults(body, status)];
  }
  const rule = RULES.find(([pattern]) => pattern.test(route));
  if (!rule) return ['no validator knows this route'];
  const [, expected, schema] = rule;
  const wrongStatus = status === expected ? [] : [`its status must be ${expected}`];
  const id = isChat ? (body as { id?: unknown } | undefined)?.id : ours;
  const wrongId = id === ours ? [] : [`X-Generation-Id is ${ours}, the answer says ${id}`];
  return [...common, ...wrongStatus, ...wrongId, ...faultsOf(schema, body)];
}

function codeFaults(body: unknown, status: number): readonly string[] {
  const code = (body as { error?: { code?: unknown } } | undefined)?.error?.code;
  return code === status ? [] : [`error.code is ${code}`];
}
