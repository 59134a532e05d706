import type { Plugins } from '../plugins/read-plugins.ts';
import type { EffectivePolicy } from '../policy/effective-policy.ts';
import { dialectOf } from '../providers/dialect.ts';
import type { Endpoint } from '../providers/registry.ts';
import type { Attempt as AttemptRecord, KeyRow } from '../store/store.ts';
import type { Bound } from './bound.ts';
import type { Caller } from './call.ts';
import type { ContentCourse } from './content/content-course.ts';
import type { Eligible } from './eligible.ts';
import type { CutRequest } from './fit-context.ts';
import type { JsonObject, PresetUsed } from './resolve-preset.ts';

/** One call from its reservation on: everything its attempts, its stream and its settlement need to know. */
export type Course = {
  readonly id: string;
  readonly key: KeyRow;
  readonly policy: EffectivePolicy;
  readonly caller: Caller;
  /** What its surface could not carry over; null: nothing. */
  readonly warnings: readonly string[] | null;
  readonly startedAt: Date;
  /** Monotonic milliseconds at the start. */
  readonly startedMs: number;
  readonly requestedModel: string;
  readonly request: JsonObject;
  /** What content filters found so far, and do with the answer; null: nothing. */
  readonly content: ContentCourse | null;
  /** What is sent instead to endpoints whose context it does not fit. */
  readonly cuts: ReadonlyMap<string, CutRequest> | null;
  readonly preset: PresetUsed | null;
  readonly plugins: Plugins;
  readonly eligible: Eligible;
  readonly bound: Bound;
  readonly reservedNano: number;
  readonly maxTokens: number | null;
  readonly signal: AbortSignal;
  readonly attempts: AttemptRecord[];
  /** What plugins did to the call, as OpenRouter's `pipeline` tells of it. */
  readonly stages: JsonObject[];
};

/** OpenRouter's word for how a model was found. */
export const strategyOf = ({ routes }: Eligible, preset: PresetUsed | null) =>
  routes.some(({ model }) => model !== routes[0]?.model) ? 'fallback' : preset ? 'alias' : 'direct';

/** Whether the endpoint asked last was asked with one of several keys of its provider. */
export const isByok = ({ attempts }: Course) => attempts.at(-1)?.isByok === true;

/** OpenRouter's `openrouter_metadata`, and Callgate's reasons for what was left out. */
export function routeMetadata(course: Course, served: Endpoint | null, generationMs: number): JsonObject {
  const { attempts, eligible } = course;
  const available = eligible.routes.flatMap((route) =>
    route.endpoints.map((endpoint) => ({
      provider: endpoint.provider.name,
      model: endpoint.model.id,
      selected: endpoint.id === served?.id,
    })),
  );
  const failed = attempts.filter((attempt) => attempt.status < 200 || attempt.status > 299).length;
  return {
    requested: course.requestedModel,
    strategy: strategyOf(eligible, course.preset),
    region: null,
    summary: served
      ? `${served.model.id} at ${served.provider.name}${failed > 0 ? `, after ${failed} failed ${failed === 1 ? 'attempt' : 'attempts'}` : ''}`
      : `no endpoint answered; ${attempts.length} tried`,
    attempt: attempts.length,
    is_byok: isByok(course),
    endpoints: { total: available.length, available },
    selection: eligible.selection,
    attempts: attempts.map(({ provider, model, status, reason, key }) => ({
      provider,
      model,
      status,
      ...(reason ? { reason } : {}),
      ...(key ? { key } : {}),
    })),
    ...pipelineOf(course),
    ...(eligible.left.length > 0 ? { left_out: eligible.left } : {}),
    ...warningsOf(course, served),
    generation_time: Math.round(generationMs),
  };
}

/** What guardrails and plugins did to the call. */
function pipelineOf({ content, stages }: Course): JsonObject {
  const pipeline = content ? [...content.stages, ...stages] : stages;
  return pipeline.length > 0 ? { pipeline } : {};
}

/** What of the request its surface had no words for, and what the endpoint was not sent because it would have refused it. */
function warningsOf(course: Course, served: Endpoint | null): JsonObject {
  const unsent = served ? dialectOf(served.provider.dialect).warnings(course.request, served) : [];
  const warnings = course.warnings ? [...course.warnings, ...unsent] : unsent;
  return warnings.length > 0 ? { warnings } : {};
}
