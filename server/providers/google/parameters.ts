import { geminiFacts } from './model-facts.ts';

/** OpenRouter's `supported_parameters` of a model of Google's. */
export function geminiParameters(native: string): readonly string[] {
  const facts = geminiFacts(native);
  return [
    ...['max_tokens', 'temperature', 'top_p', 'top_k', 'seed', 'presence_penalty', 'frequency_penalty', 'stop'],
    ...(facts.tools ? ['tools', 'tool_choice'] : []),
    ...(facts.images ? [] : ['response_format', 'structured_outputs', 'logprobs', 'top_logprobs']),
    ...(facts.thinking === 'none' ? [] : ['reasoning', 'include_reasoning']),
  ];
}
