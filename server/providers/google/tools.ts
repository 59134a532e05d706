import { type Fields, fieldsOf, listOf, textOf } from '../anthropic/fields.ts';
import type { Notes } from '../anthropic/notes.ts';
import type { ModelFacts } from './model-facts.ts';
import { schemaOf } from './schema.ts';

/** Translates `tools` into declarations. What is no function (OpenRouter's own tools, custom ones) cannot be asked for here. */
export function declarationsOf(request: Fields, facts: ModelFacts, notes: Notes): readonly Fields[] {
  const tools = listOf(request['tools']);
  if (tools.length > 0 && !facts.tools) notes.lack('tools (this model takes none)');
  return tools.map((item, index) => {
    const tool = fieldsOf(item);
    const made = fieldsOf(tool['function']);
    const at = `tools[${index}]`;
    if (tool['type'] !== 'function' || textOf(made['name']) === '')
      notes.lack(tool['type'] === 'function' ? `${at}.function.name` : `${at} (${String(tool['type']).slice(0, 60)})`);
    if (tool['cache_control']) notes.warn(`${at}.cache_control is not sent`);
    const parameters = made['parameters'];
    return {
      name: made['name'],
      ...(typeof made['description'] === 'string' ? { description: made['description'] } : {}),
      // A function that takes nothing is one without parameters here.
      ...(hasParameters(parameters)
        ? {
            parametersJsonSchema: schemaOf(
              { type: 'object', ...fieldsOf(parameters) },
              `${at}.function.parameters`,
              notes,
            ),
          }
        : {}),
    };
  });
}

function hasParameters(parameters: unknown): boolean {
  const { properties, ...rest } = fieldsOf(parameters);
  return (
    Object.keys(fieldsOf(properties)).length > 0 ||
    Object.keys(rest).some((word) => !['type', 'required', 'additionalProperties', '$schema'].includes(word))
  );
}

/** Translates `tool_choice`, `strict` and `parallel_tool_calls`; null when none says anything. */
export function functionCallingOf(request: Fields, notes: Notes): Fields | null {
  const tools = listOf(request['tools']).map(fieldsOf);
  if (request['parallel_tool_calls'] === false && tools.length > 0)
    notes.warn('parallel_tool_calls is not sent: this model decides how many it calls at once');
  const config = choiceOf(request['tool_choice'], notes);
  const isForced = config?.['mode'] === 'ANY';
  if (tools.length === 0) {
    if (isForced) notes.lack('tool_choice (without tools)');
    return null;
  }
  const isStrict = tools.some((tool) => fieldsOf(tool['function'])['strict'] === true);
  // A call that must be made is always held to its schema.
  return isStrict && (config === null || config['mode'] === 'AUTO') ? { mode: 'VALIDATED' } : config;
}

function choiceOf(given: unknown, notes: Notes): Fields | null {
  switch (given) {
    case undefined:
    case null:
      return null;
    case 'auto':
      return { mode: 'AUTO' };
    case 'none':
      return { mode: 'NONE' };
    case 'required':
      return { mode: 'ANY' };
    default: {
      const { type, function: made } = fieldsOf(given);
      const name = textOf(fieldsOf(made)['name']);
      if (type === 'function' && name !== '') return { mode: 'ANY', allowedFunctionNames: [name] };
      notes.lack('tool_choice');
      return null;
    }
  }
}
