import { promptOfBody, promptOrNull, splitPresetText } from './front-matter.ts';
import { describeIssue } from './issue-message.ts';
import { type Finding, locateFindings, type PresetProblem } from './problem.ts';
import { frontMatterSchema, PRESET_FIELDS, type PresetConfig } from './schema.ts';
import { isPresetSlug } from './slug.ts';
import { renderYaml } from './yaml-render.ts';
import { emptyFields, fieldRange, readYaml } from './yaml-source.ts';

/** A preset file's meaning: OpenRouter's `config` and `system_prompt`, and what the preset is called. */
export type PresetFile = {
  readonly name: string | null;
  readonly description: string | null;
  readonly config: PresetConfig;
  readonly systemPrompt: string | null;
};

export type ParsedPreset = {
  /** Null when there is any error; warnings leave it. */
  readonly file: PresetFile | null;
  readonly problems: readonly PresetProblem[];
};

/**
 * Reads a `.preset.md`: YAML front matter between two lines of `---`, then the system prompt. One blank line after the
 * closing fence belongs to the fence, and the last newline of the text to the file; all between is the prompt as it stands, and
 * white space alone is none. Never throws, whatever the text; problems come in the order of the text.
 */
export function parsePresetFile(text: string): ParsedPreset {
  const failed = (findings: readonly Finding[]): ParsedPreset => ({
    file: null,
    problems: locateFindings(text, findings),
  });
  const parts = splitPresetText(text);
  if (parts.kind === 'none') {
    const message = 'A preset begins with front matter: a line of ---, the settings as YAML, and a line of ---.';
    return failed([{ message, start: 0, end: Math.max(0, text.search(/[\r\n]|$/)) }]);
  }
  if (parts.kind === 'unterminated') {
    return failed([{ message: 'The front matter has no closing line of ---.', start: parts.start, end: parts.end }]);
  }
  const yaml = text.slice(parts.yamlStart, parts.yamlEnd);
  const moved = (finding: Finding): Finding => ({
    ...finding,
    start: finding.start + parts.yamlStart,
    end: finding.end + parts.yamlStart,
  });
  const source = readYaml(yaml);
  if (source.syntax.length > 0) return failed(source.syntax.map(moved));

  const result = frontMatterSchema.safeParse(source.value);
  const issues = result.success ? [] : result.error.issues.flatMap((issue) => describeIssue(issue, source.value));
  const findings: Finding[] = [
    ...source.findings,
    ...issues.map(({ message, path, atKey }) => ({ message, path, ...fieldRange(source, path, atKey) })),
  ];
  if (!result.success || findings.length > 0) return failed(findings.map(moved));
  const warnings = emptyFields(source).map((path): Finding => {
    const message = `${path.join('.')} has no value, as if it were not there.`;
    return moved({ message, path, severity: 'warning', ...fieldRange(source, path, true) });
  });
  const { name = null, description = null, ...config } = result.data;
  const systemPrompt = promptOfBody(text.slice(parts.bodyStart), parts.eol);
  return { file: { name, description, config, systemPrompt }, problems: locateFindings(text, warnings) };
}

/**
 * The canonical text: fields in the schema's order, lists one item a line, nothing folded. Reading it gives the same file back,
 * but for a system prompt of white space alone, which is none.
 */
export function formatPresetFile({ name, description, config, systemPrompt }: PresetFile): string {
  const fields: Readonly<Record<string, unknown>> = config;
  const order = [...PRESET_FIELDS, ...Object.keys(config).filter((field) => !PRESET_FIELDS.includes(field))];
  const entries = [
    ['name', name ?? undefined],
    ['description', description ?? undefined],
    ...order.map((field) => [field, fields[field]]),
  ];
  const present = entries.filter(([, value]) => value !== undefined);
  const yaml = renderYaml(Object.fromEntries(present));
  const prompt = promptOrNull(systemPrompt);
  return `---\n${yaml}---\n${prompt === null ? '' : `\n${prompt}\n`}`;
}

const SUFFIX = '.preset.md';

/** `/a/triage.preset.md` → `triage`; null when the name is not `<slug>.preset.md`. Takes both kinds of slash, and a URI's path. */
export function presetSlugOfPath(path: string): string | null {
  const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  const slug = name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : '';
  return isPresetSlug(slug) ? slug : null;
}
