import { factsOf } from './model-facts.ts';

/** OpenRouter's `supported_parameters` of a Claude model. */
export function claudeParameters(native: string): readonly string[] {
  const facts = factsOf(native);
  return [
    ...['max_tokens', 'stop', 'tools', 'tool_choice', 'parallel_tool_calls'],
    ...(facts.sampling ? ['temperature', 'top_p', 'top_k'] : []),
    ...(facts.structuredOutputs ? ['response_format', 'structured_outputs'] : []),
    ...(facts.thinking === 'none' ? [] : ['reasoning', 'include_reasoning']),
    ...(facts.efforts.length > 0 ? ['verbosity'] : []),
  ];
}
