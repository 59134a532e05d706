import { isMap, isScalar, visit } from 'yaml';
import { describeIssue } from '../presets/issue-message.ts';
import { didYouMean } from '../presets/nearest.ts';
import { type Finding, locateFindings, type PresetProblem } from '../presets/problem.ts';
import { fieldRange, isEmptyScalar, readYaml, type YamlSource } from '../presets/yaml-source.ts';
import { identityOf, type PolicyFile, policyFileJsonSchema, policyFileSchema, SECTIONS } from './schema.ts';

type Path = readonly (string | number)[];
export type PolicyProblem = PresetProblem;

export type ParsedPolicy = {
  /** Null when there is any error. */
  readonly file: PolicyFile | null;
  /** In the order of the text. */
  readonly problems: readonly PolicyProblem[];
  /** Where a field of the file stands, for problems that only the daemon can know of. */
  readonly problemAt: (path: Path, message: string) => PolicyProblem;
};

/** Reads callgate.yaml. Never throws, whatever the text. */
export function parsePolicyFile(text: string): ParsedPolicy {
  const source = readYaml(text);
  const located = (path: Path, message: string, atKey = false): Finding => ({
    message,
    path,
    ...fieldRange(source, path, atKey),
  });
  const problemAt = (path: Path, message: string): PolicyProblem => {
    const [problem] = locateFindings(text, [located(path, message)]);
    if (!problem) throw new Error('a finding has a place');
    return problem;
  };
  const failed = (findings: readonly Finding[]): ParsedPolicy => ({
    file: null,
    problems: locateFindings(text, findings.map(inThisFile)),
    problemAt,
  });
  if (source.syntax.length > 0) return failed(source.syntax);
  const result = policyFileSchema.safeParse(source.value);
  const empty = emptyValues(source);
  const findings: Finding[] = [...source.findings];
  if (!result.success) {
    const issues = result.error.issues
      .flatMap((issue) => describeIssue(issue, source.value, unknownFields))
      .map(({ message, path, atKey }) => located(path, message, atKey));
    // Where there must be a value, it is wrong to advise to write null.
    const only = empty.filter(({ start }) => !issues.some((issue) => issue.start === start));
    return failed([...findings, ...only, ...issues]);
  }
  findings.push(...empty);
  findings.push(...twice(result.data).map(([path, message]) => located(path, message)));
  if (findings.length > 0) return failed(findings);
  return { file: result.data, problems: [], problemAt };
}

/** The readers of YAML are those of presets, and speak of them. */
function inThisFile(finding: Finding): Finding {
  const message = finding.message.replace('The front matter', 'The file').replace('used in presets', 'used here');
  return { ...finding, message };
}

/** A limit with nothing behind its colon would be no limit at all. */
function emptyValues({ document }: YamlSource): readonly Finding[] {
  const findings: Finding[] = [];
  visit(document, {
    Pair(_, { key, value }, ancestors) {
      if (!isScalar(key) || (value !== null && !isEmptyScalar(value))) return;
      // A section that lists nothing yet is being written.
      if (ancestors.filter(isMap).length <= 1) return;
      const [start, end] = key.range ?? [0, 0];
      findings.push({
        message: `${String(key.value)} has no value; write null for none, or leave it out.`,
        start,
        end,
      });
    },
  });
  return findings;
}

/** Things that are listed more than once. */
function twice(file: PolicyFile): readonly [Path, string][] {
  return SECTIONS.flatMap((section) => {
    const seen = new Map<string, number>();
    return (file[section] ?? []).flatMap((item, index): [Path, string][] => {
      const { id } = item as { id?: string };
      const identity = `${identityOf(section, item)}${section === 'members' ? '' : (id ?? '')}`;
      const before = seen.get(identity);
      seen.set(identity, index);
      if (before === undefined) return [];
      const field =
        section === 'organizations' || section === 'workspaces'
          ? 'slug'
          : section === 'members'
            ? 'id'
            : section === 'permits'
              ? 'value'
              : 'name';
      return [[[section, index, field], `${identityOf(section, item)} is listed twice under ${section}.`]];
    });
  });
}

/** Names that people may bring, and where the thing belongs. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  secret: 'Secrets are never in this file: `callgate apply` prints a new key’s once.',
  api_key: 'Secrets are never in this file.',
  hash: 'A key is named by its name; with several of one name, by id.',
  budget: 'A workspace’s are under budgets; a guardrail’s is limit_usd.',
  provider_keys: 'Provider keys are kept by `callgate byok` and `callgate providers set-key`.',
  byok: 'Provider keys are kept by `callgate byok` and `callgate providers set-key`.',
  presets: 'Presets are files of their own: <slug>.preset.md.',
  providers: 'Providers are configured in config.yaml.',
};

type Node = { properties?: Record<string, Node>; items?: Node; anyOf?: Node[] };

function unknownFields(path: Path, keys: readonly string[]) {
  let nodes: readonly Node[] = [policyFileJsonSchema() as Node];
  for (const part of path) {
    nodes = nodes.flatMap(({ properties, items, anyOf = [] }) =>
      [{ properties, items }, ...anyOf].flatMap((one) =>
        typeof part === 'number' ? (one.items ?? []) : (one.properties?.[part] ?? []),
      ),
    );
  }
  const known = nodes.flatMap(({ properties }) => Object.keys(properties ?? {}));
  return keys.map((key) => {
    const shown = JSON.stringify(key.length > 60 ? `${key.slice(0, 60)}…` : key);
    const elsewhere = Object.hasOwn(ELSEWHERE, key) ? ` ${ELSEWHERE[key]}` : didYouMean(key, known);
    return { key, message: `Unknown field ${shown}.${elsewhere}` };
  });
}
