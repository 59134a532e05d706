/** One credential format, as data: the engine in `find-secrets.ts` knows nothing about any provider. */
export type SecretRule = {
  /** `secret/<kebab-case>`; shown as the diagnostic's code and stable for ever. */
  readonly id: string;
  readonly provider: string;
  /** What a person calls this credential. */
  readonly title: string;
  /** Literals every match starts with; one pre-filter looks for those of all rules at once. */
  readonly keywords: readonly string[];
  /** Sticky, bounded, without nested repetition; it is tried at the keyword only, so it cannot backtrack far. */
  readonly pattern: RegExp;
  /** How many characters at the start of a match are the same in every key. */
  readonly prefixLength: number;
  /** Characters of the part after the prefix, in counting order. */
  readonly alphabet: string;
  /** Length of the shortest whole match, in UTF-16 code units. */
  readonly length: number;
  /** Whether a letter or digit before the keyword makes it a part of something else. */
  readonly startsWord?: boolean;
  /** What of a credential stands before its keyword: bounded, anchored at its end, tried on so many characters. */
  readonly before?: { readonly pattern: RegExp; readonly most: number };
  /** A check that the credential carries in itself. */
  readonly isValid?: (match: string) => boolean;
  /** Shannon entropy, in bits per character, below which the part after the prefix is a placeholder. */
  readonly minimumEntropy: number;
  readonly severity: 'error' | 'warning' | 'information';
  /** The environment variable the provider's own documentation uses. */
  readonly environmentVariable: string;
  readonly documentation: string;
  /** Where a leaked key is revoked. */
  readonly revocation: string;
};
