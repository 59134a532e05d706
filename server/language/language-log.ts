/** Where the language server reports what an operator may want to know; never document text. */
export type LanguageLog = {
  readonly debug: (message: string) => void;
  readonly warn: (message: string) => void;
};
