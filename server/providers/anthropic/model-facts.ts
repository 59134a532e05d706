/** What a Claude model refuses or insists on: as the vendor's documentation and its SDK of November 2026 have it. */
export type ModelFacts = {
  readonly maxTokens: number;
  readonly structuredOutputs: boolean;
  /** temperature, top_p and top_k. */
  readonly sampling: boolean;
  /** `budget`: told how many tokens; `adaptive`: told how hard; `both`; `none`. */
  readonly thinking: 'none' | 'budget' | 'both' | 'adaptive';
  /** How thinking is turned off; null: it cannot be. */
  readonly off: 'absent' | 'disabled' | 'between_tools' | null;
  /** `tool_choice` may demand a tool. */
  readonly forcedTools: boolean;
  /** The levels of `output_config.effort` that it knows. */
  readonly efforts: readonly string[];
};

const NO_EFFORTS: readonly string[] = [];
const FIRST_EFFORTS = ['low', 'medium', 'high'];
const MORE_EFFORTS = [...FIRST_EFFORTS, 'max'];
const ALL_EFFORTS = [...FIRST_EFFORTS, 'xhigh', 'max'];

const OLD: ModelFacts = {
  maxTokens: 4_096,
  structuredOutputs: false,
  sampling: true,
  thinking: 'none',
  off: 'absent',
  forcedTools: true,
  efforts: NO_EFFORTS,
};
const FOURTH: ModelFacts = { ...OLD, maxTokens: 32_000, thinking: 'budget' };
const FOUR_FIVE: ModelFacts = { ...FOURTH, maxTokens: 64_000, structuredOutputs: true };
const FOUR_SIX: ModelFacts = { ...FOUR_FIVE, maxTokens: 128_000, thinking: 'both', efforts: MORE_EFFORTS };
const ADAPTIVE: ModelFacts = {
  ...FOUR_SIX,
  sampling: false,
  thinking: 'adaptive',
  off: 'disabled',
  efforts: ALL_EFFORTS,
};
const ALWAYS: ModelFacts = { ...ADAPTIVE, off: null };

/** The first name that a model's own name holds decides. */
const KNOWN: readonly (readonly [string, ModelFacts])[] = [
  ['claude-sonnet-5-5', { ...ALWAYS, off: 'between_tools', forcedTools: false }],
  ['claude-opus-5-5', { ...ALWAYS, forcedTools: false }],
  ['claude-fable-5-1', { ...ALWAYS, forcedTools: false }],
  ['claude-fable-5', ALWAYS],
  ['claude-mythos', ALWAYS],
  ['claude-opus-4-6', FOUR_SIX],
  ['claude-sonnet-4-6', FOUR_SIX],
  ['claude-opus-4-5', { ...FOUR_FIVE, efforts: FIRST_EFFORTS }],
  ['claude-sonnet-4-5', FOUR_FIVE],
  ['claude-haiku-4-5', FOUR_FIVE],
  ['claude-opus-4-1', { ...FOURTH, structuredOutputs: true }],
  ['claude-opus-4-7', ADAPTIVE],
  ['claude-opus-4-8', ADAPTIVE],
  ['claude-sonnet-4-', { ...FOURTH, maxTokens: 64_000 }],
  ['claude-opus-4-', FOURTH],
  ['claude-3-7', { ...OLD, maxTokens: 64_000, thinking: 'budget' }],
  ['claude-3-5', { ...OLD, maxTokens: 8_192 }],
  ['claude-3', OLD],
  ['claude-2', OLD],
  ['claude-v', OLD],
  ['claude-instant', OLD],
  // A name nobody had heard of when this was written is a newer model's.
  ['claude-', ADAPTIVE],
];

const UNKNOWN: ModelFacts = { ...OLD, maxTokens: 8_192, thinking: 'budget' };

/** The facts of a model by its vendor's name for it. A model that is no Claude is taken for a plain one that thinks by budget. */
export function factsOf(native: string): ModelFacts {
  return KNOWN.find(([name]) => native.includes(name))?.[1] ?? UNKNOWN;
}
