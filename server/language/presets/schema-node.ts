/** As much of a JSON Schema as completion and hovers read. */
export type SchemaNode = {
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
};

/** A step into a value: a field's name, or `items` for any element of a list. */
export type SchemaStep = { readonly field: string } | 'items';

/** Every schema a value at `path` may follow, unions taken apart; empty when the schema does not know the path. */
export function nodesAt(root: SchemaNode, path: readonly SchemaStep[]): readonly SchemaNode[] {
  let nodes = branches(root);
  for (const step of path) {
    nodes = nodes.flatMap((node) => {
      const next = step === 'items' ? node.items : own(node.properties, step.field);
      return next === undefined ? [] : branches(next);
    });
  }
  return nodes;
}

/** The fields a value at `path` may have, each with its schema; of equal names the first. */
export function fieldsAt(root: SchemaNode, path: readonly SchemaStep[]): ReadonlyMap<string, SchemaNode> {
  const fields = new Map<string, SchemaNode>();
  for (const node of nodesAt(root, path)) {
    for (const [name, field] of Object.entries(node.properties ?? {})) if (!fields.has(name)) fields.set(name, field);
  }
  return fields;
}

/** The values a node lists: enumerations, constants, and both booleans. `null` is left out: it says what no field says. */
export function valuesOf(nodes: readonly SchemaNode[]): readonly string[] {
  const values = nodes.flatMap((node): unknown[] => [
    ...(node.enum ?? []),
    ...('const' in node ? [node.const] : []),
    ...(typesOf(node).includes('boolean') ? [true, false] : []),
  ]);
  return [...new Set(values.filter((value) => value !== null).map(String))];
}

export function typesOf(node: SchemaNode): readonly string[] {
  const types = typeof node.type === 'string' ? [node.type] : (node.type ?? []);
  return [...types, ...[...(node.anyOf ?? []), ...(node.oneOf ?? [])].flatMap(typesOf)].filter(
    (type) => type !== 'null',
  );
}

/** What a field is, for a hover: its description, its type and bounds, its values. Markdown. */
export function describeField(name: string, node: SchemaNode): string {
  const types = [...new Set(typesOf(node))].join(' or ');
  const values = valuesOf(branches(node));
  const bounds = [
    node.minimum === undefined ? null : `at least ${node.minimum}`,
    node.maximum === undefined ? null : `at most ${node.maximum}`,
  ].filter((bound) => bound !== null);
  return [
    `**${name}**${types === '' ? '' : ` · ${[types, ...bounds].join(', ')}`}`,
    node.description ?? '',
    values.length > 0 ? `Values: ${values.map((value) => `\`${value}\``).join(', ')}` : '',
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function branches(node: SchemaNode): readonly SchemaNode[] {
  const union = [...(node.anyOf ?? []), ...(node.oneOf ?? [])];
  return union.length === 0 ? [node] : union.flatMap(branches);
}

/** A field named `constructor` is not in any schema. */
function own(properties: SchemaNode['properties'], name: string): SchemaNode | undefined {
  return properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
}
