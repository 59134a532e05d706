import { type Fields, fieldsOf, isSaid, listOf, pick, textOf } from './fields.ts';
import { type Notes, quoted } from './notes.ts';

/** Tools that a router runs and a chat completion has the words for. */
const ROUTERS_OWN = /^(?:openrouter:[\w:]+|web_search\w*)$/;
/** Of a function, what a chat completion has no words for. */
const UNSAID = ['defer_loading', 'async', 'allowed_callers', 'output_schema'] as const;

/** Translates `tools`, `tool_choice`; the tools that a choice leaves out are left out. */
export function toolFieldsOf(body: Fields, notes: Notes): Fields {
  const tools = listOf(body['tools']).map((tool, index) => toolOf(fieldsOf(tool), `tools[${index}]`, notes));
  const choice = fieldsOf(body['tool_choice']);
  if (choice['type'] === 'allowed_tools') return allowed(tools, choice, notes);
  const chosen = choiceOf(body['tool_choice'], notes);
  return { ...(tools.length > 0 ? { tools } : {}), ...(chosen === null ? {} : { tool_choice: chosen }) };
}

function toolOf(tool: Fields, at: string, notes: Notes): Fields {
  const type = textOf(tool['type']);
  switch (type) {
    case 'function':
      needName(tool, at, notes);
      for (const field of UNSAID)
        if (isSaid(tool[field]) && tool[field] !== false) notes.warn(`${at}.${field} is not asked for`);
      return {
        type: 'function',
        function: pick(tool, ['name', 'description', 'parameters', 'strict']),
        ...pick(tool, ['cache_control']),
      };
    case 'custom':
      needName(tool, at, notes);
      return { type: 'custom', custom: { ...pick(tool, ['name', 'description']), ...formatOf(tool['format']) } };
    default:
      if (!ROUTERS_OWN.test(type)) {
        notes.reject(at, `a tool of the type ${quoted(tool['type'])} cannot be asked for in a chat completion`);
      }
      return tool;
  }
}

function needName(tool: Fields, at: string, notes: Notes): void {
  if (textOf(tool['name']) === '') notes.reject(`${at}.name`, 'must be a name');
}

/** A grammar stands one level deeper in a chat completion. */
function formatOf(format: unknown): Fields {
  if (!isSaid(format)) return {};
  const { type, ...grammar } = fieldsOf(format);
  return { format: type === 'grammar' ? { type, grammar } : { type } };
}

function choiceOf(choice: unknown, notes: Notes): unknown {
  if (!isSaid(choice)) return null;
  if (choice === 'auto' || choice === 'none' || choice === 'required') return choice;
  const { type, name } = fieldsOf(choice);
  if ((type === 'function' || type === 'custom') && textOf(name) !== '') return { type, [type]: { name } };
  if (typeof type === 'string' && ROUTERS_OWN.test(type)) return choice;
  notes.reject('tool_choice', `${quoted(type ?? choice)} cannot be asked for in a chat completion`);
  return null;
}

const nameOf = (tool: Fields): string =>
  textOf(fieldsOf(tool['function'])['name']) || textOf(fieldsOf(tool['custom'])['name']) || textOf(tool['type']);

/** What must not be called is not offered: every provider understands that, and few know the choice. */
function allowed(tools: readonly Fields[], choice: Fields, notes: Notes): Fields {
  const names = listOf(choice['tools']).map((tool) => {
    const { type, name } = fieldsOf(tool);
    return textOf(name) || textOf(type);
  });
  const missing = names.find((name) => !tools.some((tool) => nameOf(tool) === name));
  if (missing !== undefined || names.length === 0) {
    notes.reject('tool_choice.tools', missing === undefined ? 'names no tool' : `no tool is called ${quoted(missing)}`);
  }
  if (choice['mode'] !== 'auto' && choice['mode'] !== 'required')
    notes.reject('tool_choice.mode', 'must be "auto" or "required"');
  return { tools: tools.filter((tool) => names.includes(nameOf(tool))), tool_choice: choice['mode'] };
}
