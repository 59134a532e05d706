import { parsePresetFile } from '../../server/presets/file.ts';
import { promptOfBody, splitPresetText } from '../../server/presets/front-matter.ts';
import { readYaml } from '../../server/presets/yaml-source.ts';
import type { PresetForm } from './messages.ts';

/** Settings that the form has a field for; all others are named under it and edited as text. */
const FORM_FIELDS = ['name', 'description', 'model', 'temperature', 'max_tokens'] as const;

/**
 * What the form shows of a preset's text. A text with wrong values still has fields (how else would one correct them there);
 * one that is not YAML between two fences has none, and `fields` is null.
 */
export function readForm(text: string): PresetForm {
  const problems = parsePresetFile(text).problems.map(({ message, line, column, severity }) => ({
    message,
    line,
    column,
    severity,
  }));
  const parts = splitPresetText(text);
  if (parts.kind !== 'parts') return { fields: null, problems };
  const source = readYaml(text.slice(parts.yamlStart, parts.yamlEnd));
  if (source.syntax.length > 0 || !isRecord(source.value)) return { fields: null, problems };
  const value = source.value;
  return {
    fields: {
      name: asText(value['name']),
      description: asText(value['description']),
      model: asText(value['model']),
      temperature: asText(value['temperature']),
      max_tokens: asText(value['max_tokens']),
      models: Array.isArray(value['models']) ? value['models'].map(asText) : [],
      systemPrompt: promptOfBody(text.slice(parts.bodyStart), parts.eol) ?? '',
      others: Object.keys(value).filter((key) => !FORM_FIELDS.some((field) => field === key) && key !== 'models'),
    },
    problems,
  };
}

function asText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
