import type { Modality, ModalityRule, ModalityRules, Source, Sourced } from './effective-policy.ts';
import type { RuleLayer } from './layer-rules.ts';

/**
 * Who may make images, audio and video: one layer's deny denies, pins to different providers leave nobody, and a pin narrows an allow.
 * A behavior's key makes none of them until some layer says that it may: what runs alone must not fire dear calls in a loop by accident.
 * Null: no layer says anything.
 */
export function combineModalities(layers: readonly RuleLayer[], behavior: Source | null): ModalityRules | null {
  if (!behavior && layers.every(({ rules }) => rules.modalities === null)) return null;
  return {
    image: combined('image', layers, behavior),
    audio: combined('audio', layers, behavior),
    video: combined('video', layers, behavior),
  };
}

function combined(modality: Modality, layers: readonly RuleLayer[], behavior: Source | null): Sourced<ModalityRule> {
  const said = layers.flatMap(({ rules, source }) => {
    const rule = rules.modalities?.[modality];
    return rule ? [{ rule, source }] : [];
  });
  if (said.length === 0) {
    return behavior ? { value: { rule: 'deny' }, sources: [behavior] } : { value: { rule: 'allow' }, sources: [] };
  }
  const of = (kind: ModalityRule['rule']) => said.filter(({ rule }) => rule.rule === kind);
  const denies = of('deny');
  if (denies.length > 0) return { value: { rule: 'deny' }, sources: denies.map(({ source }) => source) };
  const pins = of('pin');
  const sources = (pins.length > 0 ? pins : said).map(({ source }) => source);
  const providers = new Set(pins.map(({ rule }) => (rule.rule === 'pin' ? rule.provider : '')));
  const [provider, another] = providers;
  if (another !== undefined) return { value: { rule: 'deny' }, sources };
  return { value: provider === undefined ? { rule: 'allow' } : { rule: 'pin', provider }, sources };
}
