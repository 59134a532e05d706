import { type Fields, fieldsOf, isSaid, listOf, messageOf, textOf } from './fields.ts';
import type { Notes } from './notes.ts';
import { schemaOf } from './schema.ts';

const DECLARATION: ReadonlySet<string> = new Set(['name', 'description', 'parameters', 'parametersJsonSchema']);
const CALLING: ReadonlySet<string> = new Set(['mode', 'allowedFunctionNames']);

/** Canonical `tools` and `tool_choice`. What Google runs by itself cannot be asked for. */
export function toolsOf(given: unknown, config: unknown, notes: Notes): Fields {
  const tools: Fields[] = [];
  // Google takes a tool for a list of one.
  for (const [index, item] of (Array.isArray(given) ? given : isSaid(given) ? [given] : []).entries()) {
    const { functionDeclarations, ...others } = messageOf(item);
    for (const name of Object.keys(others))
      notes.refuse(`tools.${index}.${name.slice(0, 60)}`, 'is run by Google; offer functions, or OpenRouter’s plugins');
    for (const [place, declaration] of listOf(functionDeclarations).entries())
      tools.push(toolOf(messageOf(declaration), `tools.${index}.functionDeclarations.${place}`, notes));
  }
  const { functionCallingConfig, ...rest } = messageOf(config);
  for (const name of Object.keys(rest)) notes.warn(`toolConfig.${name.slice(0, 60)} is not sent`);
  return chosen(tools, messageOf(functionCallingConfig), notes);
}

function toolOf(declaration: Fields, at: string, notes: Notes): Fields {
  notes.unsent(declaration, DECLARATION, at);
  const { name, description, parameters, parametersJsonSchema } = declaration;
  if (textOf(name) === '') notes.refuse(`${at}.name`, 'must be given');
  const schema = parametersJsonSchema ?? (parameters === undefined ? undefined : schemaOf(parameters));
  return {
    type: 'function',
    function: {
      name,
      ...(typeof description === 'string' ? { description } : {}),
      parameters: { type: 'object', ...(schema === undefined ? { properties: {} } : fieldsOf(schema)) },
    },
  };
}

function chosen(tools: readonly Fields[], calling: Fields, notes: Notes): Fields {
  const at = 'toolConfig.functionCallingConfig';
  notes.unsent(calling, CALLING, at);
  const mode = textOf(calling['mode']).toUpperCase();
  const allowed = listOf(calling['allowedFunctionNames']);
  // To be allowed some is to be offered those.
  const offered =
    allowed.length === 0 ? tools : tools.filter((tool) => allowed.includes(fieldsOf(tool['function'])['name']));
  if (allowed.length > 0 && offered.length === 0)
    notes.refuse(`${at}.allowedFunctionNames`, 'names none of the functions');
  if (tools.length === 0) {
    if (mode === 'ANY') notes.refuse(at, 'a function must be called and none is declared');
    return {};
  }
  switch (mode) {
    case '':
    case 'MODE_UNSPECIFIED':
      return { tools };
    case 'AUTO':
      return { tools, tool_choice: 'auto' };
    case 'NONE':
      return { tools, tool_choice: 'none' };
    case 'ANY': {
      const [only] = offered;
      const name = offered.length === 1 ? fieldsOf(only?.['function'])['name'] : undefined;
      return {
        tools: offered,
        tool_choice: name === undefined ? 'required' : { type: 'function', function: { name } },
      };
    }
    case 'VALIDATED':
      return { tools: offered.map((tool) => ({ ...tool, function: { ...fieldsOf(tool['function']), strict: true } })) };
    default:
      notes.refuse(`${at}.mode`, `"${mode.slice(0, 60)}" is not known here`);
      return {};
  }
}
