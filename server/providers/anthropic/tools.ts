import { isOwnTool, NATIVE } from '../native.ts';
import { cacheControl } from './content.ts';
import { type Fields, fieldsOf, listOf, textOf } from './fields.ts';
import type { ModelFacts } from './model-facts.ts';
import type { Notes } from './notes.ts';

/** Translates `tools`. What is no function (OpenRouter's own tools, custom ones) cannot be asked for here. */
export function toolsOf(request: Fields, facts: ModelFacts, notes: Notes): readonly Fields[] {
  return listOf(request['tools']).map((item, index) => {
    const tool = fieldsOf(item);
    if (request[NATIVE] !== undefined && isOwnTool(tool['type'])) return tool;
    const made = fieldsOf(tool['function']);
    const at = `tools[${index}]`;
    if (tool['type'] !== 'function' || textOf(made['name']) === '') {
      notes.lack(tool['type'] === 'function' ? `${at}.function.name` : `${at} (${String(tool['type']).slice(0, 60)})`);
    }
    if (made['strict'] === true && !facts.structuredOutputs) notes.warn(`${at}.function.strict is not sent`);
    return {
      ...toolExtras(tool[NATIVE]),
      name: made['name'],
      ...(typeof made['description'] === 'string' ? { description: made['description'] } : {}),
      input_schema: { type: 'object', ...fieldsOf(made['parameters']) },
      ...(made['strict'] === true && facts.structuredOutputs ? { strict: true } : {}),
      ...cacheControl(tool),
    };
  });
}

/** What only this API knows of a function. What kind of tool it is, it does not say. */
function toolExtras(native: unknown): Fields {
  const { type: _type, cache_control: _control, strict: _strict, ...extras } = fieldsOf(native);
  return extras;
}

/** Translates `tool_choice` and `parallel_tool_calls`; null when neither says anything. */
export function toolChoiceOf(request: Fields, facts: ModelFacts, notes: Notes): Fields | null {
  const choice = choiceOf(request['tool_choice'], notes);
  const hasTools = listOf(request['tools']).length > 0;
  // Without tools to call the Messages API refuses the words; where none must be called they say nothing.
  if (!hasTools && !isForced(choice)) return null;
  if (choice && isForced(choice) && !facts.forcedTools)
    notes.lack('tool_choice (this model may not be made to call one)');
  if (request['parallel_tool_calls'] !== false || !hasTools) return choice;
  return choice?.['type'] === 'none' ? choice : { ...(choice ?? { type: 'auto' }), disable_parallel_tool_use: true };
}

/** Whether a tool must be called: the Messages API does not let a model think by budget then. */
export const isForced = (choice: Fields | null): boolean => choice?.['type'] === 'any' || choice?.['type'] === 'tool';

function choiceOf(given: unknown, notes: Notes): Fields | null {
  switch (given) {
    case undefined:
    case null:
      return null;
    case 'auto':
    case 'none':
      return { type: given };
    case 'required':
      return { type: 'any' };
    default: {
      const { type, function: made } = fieldsOf(given);
      const name = textOf(fieldsOf(made)['name']);
      if (type === 'function' && name !== '') return { type: 'tool', name };
      notes.lack('tool_choice');
      return null;
    }
  }
}
