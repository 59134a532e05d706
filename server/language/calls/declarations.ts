import type { Node } from 'web-tree-sitter';

/** What a name stands for where it is used. */
export type Declaration = {
  /** `import`: an import specifier, clause or alias. `variable`: a `variable_declarator`. `other`: a parameter, function, class… */
  readonly kind: 'import' | 'variable' | 'other';
  readonly node: Node;
};

/** The declarations of one tree by scope, read when a scope is first asked for. JavaScript and TypeScript grammars. */
export class Declarations {
  readonly #scopes = new Map<number, ReadonlyMap<string, Declaration>>();

  /**
   * Finds what declares `name` as seen from `from`: outwards through the enclosing blocks and functions, nearest first. Null
   * when the file declares no such name (a global, or a `var` hoisted out of a block).
   */
  find(name: string, from: Node): Declaration | null {
    for (let scope = from.parent; scope !== null; scope = scope.parent) {
      const found = this.#in(scope).get(name);
      if (found !== undefined) return found;
    }
    return null;
  }

  #in(scope: Node): ReadonlyMap<string, Declaration> {
    const known = this.#scopes.get(scope.id);
    if (known !== undefined) return known;
    const names = new Map<string, Declaration>();
    for (const [name, declaration] of declaredIn(scope)) if (!names.has(name)) names.set(name, declaration);
    this.#scopes.set(scope.id, names);
    return names;
  }
}

/** Whether a declaration is exported where it stands, so that other files may depend on it. */
export function isExported(declaration: Declaration): boolean {
  return declaration.node.parent?.parent?.type === 'export_statement';
}

/** Whether a `variable` declaration is `const`. */
export function isConstant(declaration: Declaration): boolean {
  return declaration.kind === 'variable' && declaration.node.parent?.child(0)?.type === 'const';
}

const BLOCKS = new Set(['program', 'statement_block', 'switch_case', 'switch_default', 'class_static_block', 'ERROR']);

function* declaredIn(scope: Node): Generator<[string, Declaration]> {
  if (BLOCKS.has(scope.type)) {
    for (const statement of scope.namedChildren) yield* declaredBy(statement);
    return;
  }
  const binding =
    scope.childForFieldName('parameters') ??
    scope.childForFieldName('parameter') ??
    (scope.type === 'for_in_statement' ? scope.childForFieldName('left') : null);
  if (binding !== null) for (const name of boundNames(binding)) yield [name, { kind: 'other', node: binding }];
  const initializer = scope.type === 'for_statement' ? scope.childForFieldName('initializer') : null;
  if (initializer !== null) yield* declaredBy(initializer);
  if (scope.type === 'function_expression' || scope.type === 'class') yield* namedItself(scope);
}

function* declaredBy(statement: Node): Generator<[string, Declaration]> {
  switch (statement.type) {
    case 'export_statement': {
      const inner = statement.childForFieldName('declaration');
      if (inner !== null) yield* declaredBy(inner);
      return;
    }
    case 'lexical_declaration':
    case 'variable_declaration':
      for (const node of statement.namedChildren) {
        const pattern = node.type === 'variable_declarator' ? node.childForFieldName('name') : null;
        if (pattern !== null) for (const name of boundNames(pattern)) yield [name, { kind: 'variable', node }];
      }
      return;
    case 'import_statement':
      yield* importedBy(statement);
      return;
    case 'import_alias': {
      const name = statement.namedChild(0)?.text;
      if (name !== undefined) yield [name, { kind: 'other', node: statement }];
      return;
    }
    default:
      if (statement.type.endsWith('_declaration')) yield* namedItself(statement);
  }
}

function* namedItself(node: Node): Generator<[string, Declaration]> {
  const name = node.childForFieldName('name');
  if (name !== null) yield [name.text, { kind: 'other', node }];
}

/** `import Default, { name, name as alias } from`, `import * as namespace from`, `import name = require()`. */
function* importedBy(statement: Node): Generator<[string, Declaration]> {
  for (const clause of statement.namedChildren) {
    if (clause.type === 'import_require_clause') yield* bound(clause.namedChild(0), clause);
    if (clause.type !== 'import_clause') continue;
    for (const part of clause.namedChildren) {
      if (part.type === 'identifier') yield* bound(part, part);
      if (part.type === 'namespace_import') yield* bound(part.namedChild(0), part);
      if (part.type !== 'named_imports') continue;
      for (const specifier of part.namedChildren) {
        yield* bound(specifier.childForFieldName('alias') ?? specifier.childForFieldName('name'), specifier);
      }
    }
  }
}

function* bound(name: Node | null, node: Node): Generator<[string, Declaration]> {
  if (name !== null) yield [name.text, { kind: 'import', node }];
}

/** The names a binding pattern (or a parameter list) introduces. Default values and types are not looked into. */
function* boundNames(pattern: Node): Generator<string> {
  switch (pattern.type) {
    case 'identifier':
    case 'shorthand_property_identifier_pattern':
      yield pattern.text;
      return;
    case 'pair_pattern':
      yield* boundNamesOf(pattern.childForFieldName('value'));
      return;
    case 'assignment_pattern':
    case 'object_assignment_pattern':
      yield* boundNamesOf(pattern.childForFieldName('left'));
      return;
    case 'required_parameter':
    case 'optional_parameter':
      yield* boundNamesOf(pattern.childForFieldName('pattern'));
      return;
    case 'formal_parameters':
    case 'object_pattern':
    case 'array_pattern':
    case 'rest_pattern':
      for (const child of pattern.namedChildren) yield* boundNames(child);
      return;
    default:
      return;
  }
}

function* boundNamesOf(pattern: Node | null): Generator<string> {
  if (pattern !== null) yield* boundNames(pattern);
}
