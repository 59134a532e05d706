import { cacheControl } from './content.ts';
import { type Fields, fieldsOf, listOf, others, textOf } from './fields.ts';
import type { Notes } from './notes.ts';

const TOOL: ReadonlySet<string> = new Set(['type', 'name', 'description', 'input_schema', 'strict', 'cache_control']);

/** Tools that the caller itself runs and Claude alone knows: they cost what their words cost. */
const OWN_TOOL = /^(?:bash|text_editor|computer|memory|computer_toolset|browser_toolset)_\d{8}$/;

/** Canonical `tools`. What OpenRouter runs (`openrouter:…`) keeps its form; what Anthropic runs, and bills, is refused by name. */
export function toolsOf(tools: readonly unknown[], notes: Notes): readonly Fields[] {
  return tools.map((item, index) => {
    const tool = fieldsOf(item);
    const type = textOf(tool['type']);
    const at = `tools.${index}`;
    if (type.startsWith('openrouter:')) return tool;
    if (type !== '' && type !== 'custom') {
      if (!OWN_TOOL.test(type))
        notes.refuse(at, `the tool "${type.slice(0, 60)}" is run by Anthropic; it cannot be asked for here`);
      notes.isNative = true;
      return tool;
    }
    const native = others(tool, TOOL);
    if (native || tool['cache_control']) notes.isNative = true;
    return {
      type: 'function',
      function: {
        name: tool['name'],
        ...(typeof tool['description'] === 'string' ? { description: tool['description'] } : {}),
        parameters: tool['input_schema'] ?? { type: 'object' },
        ...(typeof tool['strict'] === 'boolean' ? { strict: tool['strict'] } : {}),
      },
      ...cacheControl(tool),
      ...(native ? { anthropic: native } : {}),
    };
  });
}

/** Canonical `tool_choice` and `parallel_tool_calls`. */
export function toolChoiceOf(given: unknown): Fields {
  if (given === undefined || given === null) return {};
  const { type, name, disable_parallel_tool_use: alone } = fieldsOf(given);
  const choice =
    type === 'tool'
      ? { type: 'function', function: { name } }
      : type === 'any'
        ? 'required'
        : type === 'none'
          ? 'none'
          : 'auto';
  return { tool_choice: choice, ...(alone === true ? { parallel_tool_calls: false } : {}) };
}

export const hasTools = (tools: unknown): boolean => listOf(tools).length > 0;
