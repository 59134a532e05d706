import { isCollection, isMap, isSeq, type Node, type Pair, type ParsedNode, type YAMLMap, type YAMLSeq } from 'yaml';
import { lineEnd, lineStart } from './text-change.ts';
import { isEmptyScalar } from './yaml-source.ts';

export type YamlPair = Pair<ParsedNode, ParsedNode | null>;
export type YamlMap = YAMLMap<ParsedNode, ParsedNode | null>;

/** One entry of a map or list as it stands in the text. */
export type Entry = {
  readonly node: ParsedNode | null;
  /** Of the key, the dash, or the item within brackets. */
  readonly start: number;
  /** After the last character that is neither white space nor a comment. */
  readonly end: number;
  /** After the colon or dash, where the value may begin; the start where there is none. */
  readonly after: number;
  /** The column of `start`. */
  readonly indent: number;
};

export function mapEntries(yaml: string, map: YamlMap): readonly Entry[] {
  return map.items.map(({ key, value, srcToken }) => {
    const colon = srcToken?.sep?.find(({ type }) => type === 'map-value-ind');
    const after = colon ? colon.offset + 1 : key.range[1];
    const start = key.range[0];
    return { node: value, start, end: valueEnd(yaml, value, after), after, indent: start - lineStart(yaml, start) };
  });
}

export function seqEntries(yaml: string, seq: YAMLSeq<ParsedNode>): readonly Entry[] {
  const tokens = seq.srcToken?.type === 'block-seq' ? seq.srcToken.items : [];
  return seq.items.map((node, index) => {
    const dash = tokens[index]?.start.find(({ type }) => type === 'seq-item-ind');
    const start = dash?.offset ?? node.range[0];
    const after = dash ? start + 1 : start;
    return { node, start, end: valueEnd(yaml, node, after), after, indent: start - lineStart(yaml, start) };
  });
}

/** Whether a value is written, rather than left out. */
export function isWritten(node: Node | null): node is ParsedNode {
  return node !== null && !isEmptyScalar(node);
}

function valueEnd(yaml: string, node: ParsedNode | null, after: number): number {
  if (!isWritten(node)) return after;
  if (isCollection(node) && !node.flow) {
    const entries = isMap(node)
      ? mapEntries(yaml, node as YamlMap)
      : isSeq(node)
        ? seqEntries(yaml, node as YAMLSeq<ParsedNode>)
        : [];
    const last = entries.at(-1);
    if (last) return last.end;
  }
  const end = node.range[1];
  // A block scalar's range takes in its line end.
  return yaml[end - 1] === '\n' ? lineEnd(yaml, end - 1) : end;
}
