import type { Plugins } from '../plugins/read-plugins.ts';
import type { BudgetLayer, EffectivePolicy } from '../policy/effective-policy.ts';
import type { KeyRow } from '../store/store.ts';
import type { CallInput } from './call.ts';
import type { ContentCourse } from './content/content-course.ts';
import type { JsonObject, PresetUsed } from './resolve-preset.ts';

/** A call whose key may call and whose preset is merged in: what is asked for, before anything has been done about it. */
export type Asked = {
  readonly kind: 'asked';
  readonly input: CallInput;
  /** As it stands now; `input.key` is as it stood when the request's head came. */
  readonly key: KeyRow;
  /** What every layer above the key says, as it stood when the call came. */
  readonly policy: EffectivePolicy;
  /** Budgets of this call alone, such as its permit's cap. */
  readonly ownBudgets?: readonly BudgetLayer[];
  /** Nobody calls: it is only asked what would be done. Then nothing may be remembered, used up or waited for. */
  readonly isDry: boolean;
  readonly request: JsonObject;
  /** What content filters found in the request, and what they are to do with the answer; absent: nothing. */
  readonly content?: ContentCourse | null;
  readonly preset: PresetUsed | null;
  readonly plugins: Plugins;
  /** The request's wish that an explicit maximum may be lowered. */
  readonly clamp: boolean;
  /** The request's wish to share one call upstream with the same ones that are under way. */
  readonly coalesce: boolean;
  readonly startedAt: Date;
  /** Monotonic milliseconds at the start. */
  readonly startedMs: number;
  /** Milliseconds that it waited for a person, which are not taken from its patience elsewhere. */
  readonly waitedMs?: number;
};
