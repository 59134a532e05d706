import type { Node } from 'web-tree-sitter';
import type { Declarations } from './declarations.ts';
import { stringValue, unwrap } from './expressions.ts';

/** An SDK class, by the names its module exports it under. */
export type SdkClass = { readonly module: RegExp; readonly exports: readonly string[] };

/** Aliases of aliases are followed this far; real code needs two. */
const MOST_STEPS = 6;

/** Whether an expression is the SDK's class: through default, named, aliased and namespace imports, `require`, `import()`. */
export function isSdkClass(expression: Node, sdk: SdkClass, names: Declarations, steps = MOST_STEPS): boolean {
  const node = unwrap(expression);
  if (steps === 0) return false;
  if (isRequire(node, sdk)) return true;
  if (node.type === 'member_expression') {
    const object = node.childForFieldName('object');
    const property = node.childForFieldName('property')?.text ?? '';
    return object !== null && sdk.exports.includes(property) && isModule(object, sdk, names, steps - 1);
  }
  if (node.type !== 'identifier') return false;
  const declaration = names.find(node.text, node);
  if (declaration === null || declaration.kind === 'other') return false;
  if (declaration.kind === 'import') return importsClass(declaration.node, sdk);
  const pattern = declaration.node.childForFieldName('name');
  const value = declaration.node.childForFieldName('value');
  if (pattern === null || value === null) return false;
  if (pattern.type === 'identifier') return isSdkClass(value, sdk, names, steps - 1);
  const exported = destructuredProperty(pattern, node.text);
  return exported !== null && sdk.exports.includes(exported) && isModule(value, sdk, names, steps - 1);
}

/** Whether an expression has the SDK's exports as properties: a namespace, a required module, or the class itself. */
function isModule(expression: Node, sdk: SdkClass, names: Declarations, steps: number): boolean {
  const node = unwrap(expression);
  if (isRequire(node, sdk) || isDynamicImport(node, sdk)) return true;
  if (node.type === 'identifier') {
    const declaration = names.find(node.text, node);
    if (declaration?.node.type === 'namespace_import') return isImportedFrom(declaration.node, sdk);
    const value = declaration?.kind === 'variable' ? declaration.node.childForFieldName('value') : null;
    if (value !== null && isDynamicImport(unwrap(value), sdk)) return true;
  }
  return isSdkClass(node, sdk, names, steps);
}

function importsClass(part: Node, sdk: SdkClass): boolean {
  if (!isImportedFrom(part, sdk) || part.type === 'namespace_import') return false;
  if (part.type !== 'import_specifier') return true;
  // `{ type OpenAI }` has no value at run time.
  const isType = part.child(0)?.type === 'type';
  return !isType && sdk.exports.includes(part.childForFieldName('name')?.text ?? '');
}

/** Whether an import's part belongs to a statement that imports values (not types) from the SDK's module. */
function isImportedFrom(part: Node, sdk: SdkClass): boolean {
  let statement: Node | null = part;
  while (statement !== null && statement.type !== 'import_statement') statement = statement.parent;
  if (statement === null || statement.child(1)?.type === 'type') return false;
  const holder = part.type === 'import_require_clause' ? part : statement;
  return isModuleName(holder.childForFieldName('source'), sdk);
}

/** `require('module')`: its value is the class and carries the exports too. */
function isRequire(node: Node, sdk: SdkClass): boolean {
  const callee = node.type === 'call_expression' ? node.childForFieldName('function') : null;
  return callee?.type === 'identifier' && callee.text === 'require' && isModuleName(firstArgument(node), sdk);
}

/** `await import('module')`: a namespace. */
function isDynamicImport(node: Node, sdk: SdkClass): boolean {
  const call = node.type === 'await_expression' ? node.firstNamedChild : null;
  return call?.childForFieldName('function')?.type === 'import' && isModuleName(firstArgument(call), sdk);
}

function firstArgument(call: Node): Node | null {
  return call.childForFieldName('arguments')?.firstNamedChild ?? null;
}

function isModuleName(node: Node | null, sdk: SdkClass): boolean {
  return node !== null && sdk.module.test(stringValue(node) ?? '');
}

/** In `const { exported: local } = …`, the exported name that `local` stands for. */
function destructuredProperty(pattern: Node, local: string): string | null {
  if (pattern.type !== 'object_pattern') return null;
  for (const part of pattern.namedChildren) {
    if (part.type === 'shorthand_property_identifier_pattern' && part.text === local) return local;
    if (part.type === 'pair_pattern' && part.childForFieldName('value')?.text === local) {
      return part.childForFieldName('key')?.text ?? null;
    }
  }
  return null;
}
