import type { Fields } from './fields.ts';
import type { ItemOf } from './items.ts';
import type { ThoughtWishes } from './thoughts.ts';

/** Whoever names items of earlier answers by their ids, and whoever is told of the items of this one. */
export type Items = {
  readonly itemOf: ItemOf;
  readonly given: (items: readonly Fields[]) => void;
};

/** How the answer is written: what the request asked to be told, and what of itself it wants to hear again. */
export type Wishes = ThoughtWishes & {
  readonly wantsLogprobs: boolean;
  /** The members of the answer that repeat the request. */
  readonly echo: () => Fields;
};
