import type { Effort, Reasoning } from './reasoning.ts';

/**
 * How one provider is told about reasoning: the fields for what is wanted of a model; null: it has no words for it. `exclude`: the
 * reasoning itself is not wanted in the answer.
 */
export type ReasoningForm = (
  wanted: Reasoning | null,
  native: string,
  exclude: boolean,
) => Readonly<Record<string, unknown>> | null;

const NOTHING = {};

/** An effort for those that know no numbers: the vendors' own budgets for their efforts lie about here. */
function effortOf({ effort, maxTokens }: Reasoning): Effort | 'off' {
  if (effort !== null) return effort;
  if (maxTokens === null) return 'medium';
  return maxTokens <= 2_048 ? 'low' : maxTokens <= 12_288 ? 'medium' : 'high';
}

const THREE: Readonly<Record<Effort, string>> = {
  max: 'high',
  xhigh: 'high',
  high: 'high',
  medium: 'medium',
  low: 'low',
  minimal: 'low',
};

/** `reasoning_effort` in words of the request's own; what is not known here may be known there. */
export const PLAIN_FORM: ReasoningForm = (wanted) => {
  if (!wanted) return NOTHING;
  const effort = effortOf(wanted);
  return { reasoning_effort: effort === 'off' ? 'none' : effort };
};

/** https://developers.openai.com/api/docs/guides/reasoning */
export const openAiForm: ReasoningForm = (wanted, native) => {
  if (!wanted) return NOTHING;
  const effort = effortOf(wanted);
  if (/^(gpt-3|gpt-4|chatgpt|ft:)/.test(native)) return effort === 'off' ? NOTHING : null;
  if (effort === 'off')
    return /^o\d/.test(native) ? null : { reasoning_effort: /^gpt-5(?!\.)/.test(native) ? 'minimal' : 'none' };
  if (/^o\d/.test(native)) return { reasoning_effort: THREE[effort] };
  return { reasoning_effort: effort === 'max' ? 'xhigh' : effort };
};

/** https://console.groq.com/docs/reasoning */
export const groqForm: ReasoningForm = (wanted, native, exclude) => {
  const isOss = native.includes('gpt-oss');
  const isQwen = native.includes('qwen');
  if (!isOss && !isQwen && !native.includes('deepseek-r1')) return wanted && wanted.effort !== 'off' ? null : NOTHING;
  const shown = isOss
    ? exclude
      ? { include_reasoning: false }
      : NOTHING
    : { reasoning_format: exclude ? 'hidden' : 'parsed' };
  if (!wanted) return shown;
  const effort = effortOf(wanted);
  if (isOss) return effort === 'off' ? null : { ...shown, reasoning_effort: THREE[effort] };
  return isQwen ? { ...shown, reasoning_effort: effort === 'off' ? 'none' : 'default' } : shown;
};

/** https://docs.mistral.ai/inference/conversations/reasoning */
export const mistralForm: ReasoningForm = (wanted, native) => {
  if (!wanted) return NOTHING;
  const effort = effortOf(wanted);
  if (native.includes('magistral')) return effort === 'off' ? null : NOTHING;
  if (/mistral-large-4/.test(native)) return { reasoning_effort: effort === 'off' ? 'none' : THREE[effort] };
  if (/mistral-small-(latest|2603|[4-9])|mistral-medium-(latest|3-[5-9]|[4-9])/.test(native))
    return { reasoning_effort: effort === 'off' ? 'none' : 'high' };
  return effort === 'off' ? NOTHING : null;
};

/** https://api-docs.deepseek.com/guides/thinking_mode */
export const deepSeekForm: ReasoningForm = (wanted) => {
  if (!wanted) return NOTHING;
  const effort = effortOf(wanted);
  if (effort === 'off') return { thinking: { type: 'disabled' } };
  const level = { max: 'max', xhigh: 'high', high: 'high', medium: 'high', low: 'low', minimal: 'low' }[effort];
  return { thinking: { type: 'enabled' }, reasoning_effort: level };
};

/** https://docs.x.ai/developers/model-capabilities/text/reasoning */
export const xAiForm: ReasoningForm = (wanted, native) => {
  if (!wanted) return NOTHING;
  const effort = effortOf(wanted);
  if (native.includes('non-reasoning')) return effort === 'off' ? NOTHING : null;
  if (native.includes('grok-3-mini'))
    return effort === 'off' ? null : { reasoning_effort: THREE[effort] === 'low' ? 'low' : 'high' };
  const version = /^grok-4\.(\d+)(?!\d)/.exec(native)?.[1];
  // The names of 4.20 say whether they reason; 4.3 and later are told.
  if (version === undefined || Number(version) >= 10) return null;
  if (effort === 'off') return version === '3' ? { reasoning_effort: 'none' } : null;
  return { reasoning_effort: THREE[effort] };
};

/** https://ai.google.dev/gemini-api/docs/openai#thinking */
export const googleForm: ReasoningForm = (wanted) => {
  if (!wanted) return NOTHING;
  if (wanted.effort === null && wanted.maxTokens !== null)
    return { extra_body: { google: { thinking_config: { thinking_budget: wanted.maxTokens } } } };
  const effort = effortOf(wanted);
  return { reasoning_effort: effort === 'off' ? 'none' : effort === 'minimal' ? 'minimal' : THREE[effort] };
};

/** https://docs.together.ai/docs/reasoning-models-guide */
export const togetherForm: ReasoningForm = (wanted, native) => {
  if (!wanted) return NOTHING;
  const effort = effortOf(wanted);
  if (native.toLowerCase().includes('gpt-oss')) return effort === 'off' ? null : { reasoning_effort: THREE[effort] };
  return { reasoning: { enabled: effort !== 'off' } };
};

/** https://docs.fireworks.ai/guides/reasoning, https://inference-docs.cerebras.ai/capabilities/reasoning */
export const threeLevelForm: ReasoningForm = (wanted, native) => {
  if (!wanted) return NOTHING;
  const effort = effortOf(wanted);
  if (effort !== 'off') return { reasoning_effort: THREE[effort] };
  return native.includes('gpt-oss') ? null : { reasoning_effort: 'none' };
};
