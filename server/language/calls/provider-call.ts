/** What the syntax worker reports and the language server acts on. Plain data: it crosses a thread. Offsets are UTF-16. */

export type Span = { readonly start: number; readonly end: number };
export type TextEdit = Span & { readonly text: string };

/** A place where code speaks to a provider itself. */
export type ProviderCall = Span & {
  /** `route/<sdk>`: the diagnostic's code. */
  readonly rule: string;
  /** Models its calls name literally, in the order they stand: presets of the same model are offered first. */
  readonly models: readonly string[];
  readonly route: RoutePlan;
};

/** How to route a call, or why nothing that is known to run can be offered. */
export type RoutePlan =
  | { readonly kind: 'rewrite'; readonly edits: readonly TextEdit[]; readonly models: readonly ModelSlot[] }
  | { readonly kind: 'none'; readonly reason: string };

/** Where a preset reference goes: `before` and `after` stand around it (quotes, a property name). */
export type ModelSlot = Span & { readonly before: string; readonly after: string };

/** The edits of a plan for one preset, in the order of the text, none overlapping. */
export function routeEdits(plan: Extract<RoutePlan, { kind: 'rewrite' }>, slug: string): readonly TextEdit[] {
  const models = plan.models.map(({ start, end, before, after }) => ({
    start,
    end,
    text: `${before}@preset/${slug}${after}`,
  }));
  return [...plan.edits, ...models].sort((a, b) => a.start - b.start || a.end - b.end);
}

/** The string literal around an offset, as far as it decides how an expression may take its place. */
export type StringLiteral = Span & {
  /** `value`: an ordinary expression. `attribute`: needs braces in JSX. `template`: `${}` works inside. */
  readonly kind: 'value' | 'attribute' | 'template';
};

export type GrammarName = 'typescript' | 'tsx';
