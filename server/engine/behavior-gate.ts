import { type Refusal, refuse } from '../errors.ts';
import type { AdmitParts } from './admit.ts';
import type { Asked } from './asked.ts';
import type { BehaviorOfKey } from './behavior-parts.ts';

/** A key that belongs to a behavior calls that behavior's preset and nothing else. What tier it has, the next gates ask. */
export function behaviorGate({ behaviors }: AdmitParts, asked: Asked): Asked | Refusal {
  const behavior = behaviors.behaviorOf(asked.key.id);
  if (!behavior) return asked;
  const { preset } = asked;
  if (preset?.slug === behavior.presetSlug && isVersion(behavior, preset.version)) return asked;
  const wanted = presetOf(behavior);
  return refuse('behavior_preset', {
    message: `The key "${asked.key.name}" belongs to the behavior "${behavior.name}", which calls ${wanted}${preset ? `, not @preset/${preset.slug}@${preset.version ?? 'draft'}` : ' and no model of the caller’s choice'}`,
    metadata: { scope: 'behavior', behavior: behavior.name, behavior_id: behavior.id, preset: wanted },
  });
}

/** A following behavior may be called by any version that is named, for that is how one is tried. */
const isVersion = ({ presetVersion }: BehaviorOfKey, version: number | null) =>
  presetVersion === null ? version !== null : version === presetVersion;

export const presetOf = ({ presetSlug, presetVersion }: BehaviorOfKey) =>
  `@preset/${presetSlug}${presetVersion === null ? '' : `@${presetVersion}`}`;
