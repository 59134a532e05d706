/** What a model of Google's takes or refuses: as the vendor's documentation and its SDK of November 2026 have it. */
export type ModelFacts = {
  readonly maxTokens: number;
  /** `budget`: told how many tokens; `level`: told how hard; `fixed`: thinks as it will; `none`. */
  readonly thinking: 'none' | 'budget' | 'level' | 'fixed';
  /** Of those that are told in tokens; `off`: a budget of 0 turns it off. */
  readonly budget: { readonly least: number; readonly most: number; readonly off: boolean };
  /** The levels that it knows, least first. */
  readonly levels: readonly Level[];
  /** An answer can be held to a schema while there are tools. */
  readonly toolsWithSchema: boolean;
  /** Several answers at once. */
  readonly candidates: boolean;
  /** The results of tools may hold images. */
  readonly imagesInResults: boolean;
  /** A call of a tool goes back with the signature it came with, or the request is refused. */
  readonly signedCalls: boolean;
  /** Instructions and tools: the open models have neither. */
  readonly system: boolean;
  readonly tools: boolean;
  readonly images: boolean;
};

export type Level = 'MINIMAL' | 'LOW' | 'MEDIUM' | 'HIGH';

const ALL: readonly Level[] = ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'];

const SECOND: ModelFacts = {
  maxTokens: 8_192,
  thinking: 'none',
  budget: { least: 0, most: 0, off: false },
  levels: [],
  toolsWithSchema: false,
  candidates: true,
  imagesInResults: false,
  signedCalls: false,
  system: true,
  tools: true,
  images: false,
};
/** https://ai.google.dev/gemini-api/docs/thinking */
const TWO_FIVE: ModelFacts = {
  ...SECOND,
  maxTokens: 65_536,
  thinking: 'budget',
  budget: { least: 1, most: 24_576, off: true },
};
/** https://ai.google.dev/gemini-api/docs/gemini-3 */
const THIRD: ModelFacts = {
  ...SECOND,
  maxTokens: 65_536,
  thinking: 'level',
  levels: ALL,
  toolsWithSchema: true,
  candidates: false,
  imagesInResults: true,
  signedCalls: true,
};
const IMAGES = { maxTokens: 32_768, tools: false, images: true } as const;

/** The first name that a model's own name holds decides. */
const KNOWN: readonly (readonly [RegExp, ModelFacts])[] = [
  [/^gemini-2\.0-flash.*image/, { ...SECOND, ...IMAGES, system: false }],
  [/^gemini-(1|2\.0)/, SECOND],
  [/^gemini-2\.5-flash-image/, { ...SECOND, ...IMAGES }],
  [/^gemini-2\.5-pro/, { ...TWO_FIVE, budget: { least: 128, most: 32_768, off: false } }],
  [/^gemini-2\.5-flash-lite/, { ...TWO_FIVE, budget: { least: 512, most: 24_576, off: true } }],
  [/^gemini-2\.5/, TWO_FIVE],
  [/^gemini-.*image/, { ...THIRD, ...IMAGES, thinking: 'fixed', levels: [] }],
  [/^gemini-3-pro/, { ...THIRD, levels: ['LOW', 'HIGH'] }],
  // A name nobody had heard of when this was written is a newer model's.
  [/^gemini-.*pro/, { ...THIRD, levels: ['LOW', 'MEDIUM', 'HIGH'] }],
  [/^gemini-/, THIRD],
  [/^gemma-[123]/, { ...SECOND, system: false, tools: false }],
  [/^gemma-/, { ...SECOND, maxTokens: 32_768, thinking: 'fixed' }],
];

const UNKNOWN: ModelFacts = { ...TWO_FIVE, maxTokens: 8_192 };

/** The facts of a model by its vendor's name for it. What is neither Gemini nor Gemma is taken for one that thinks by budget. */
export function geminiFacts(native: string): ModelFacts {
  return KNOWN.find(([name]) => name.test(native))?.[1] ?? UNKNOWN;
}
