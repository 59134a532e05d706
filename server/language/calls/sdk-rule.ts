import type { SdkClass } from './resolve-import.ts';

/** One SDK whose constructor is a direct line to a provider, and how it is pointed at Callgate instead. */
export type SdkRule = SdkClass & {
  /** `route/<sdk>`: the diagnostic's code. */
  readonly id: string;
  /** A text without this word has no such call; it is not even parsed. */
  readonly keyword: string;
  readonly options: { readonly baseUrl: string; readonly apiKey: string };
  /** What the base URL ends with, after the daemon's own URL. */
  readonly basePath: string;
  /** An environment variable that moves the SDK by itself: reading it means the program is already movable. */
  readonly baseUrlVariable: string;
  /** Members of a client Callgate answers; a client used for anything else would break when routed. */
  readonly served: readonly (readonly string[])[];
  /** Members that call nothing. */
  readonly harmless: readonly string[];
  /** Options that say the program runs where there is no process environment. */
  readonly browserOption: string;
};

/** TypeScript and JavaScript. */
export const SDK_RULES: readonly SdkRule[] = [
  {
    id: 'route/openai-sdk',
    keyword: 'openai',
    module: /^openai(?:\/index(?:\.m?js)?)?$/,
    exports: ['default', 'OpenAI'],
    options: { baseUrl: 'baseURL', apiKey: 'apiKey' },
    basePath: '/api/v1',
    baseUrlVariable: 'OPENAI_BASE_URL',
    served: [['chat', 'completions'], ['beta', 'chat', 'completions'], ['models']],
    harmless: ['apiKey', 'baseURL', 'maxRetries', 'timeout', 'organization', 'project', 'withOptions'],
    browserOption: 'dangerouslyAllowBrowser',
  },
];

/** Where Callgate's own base URL is read from; the fix writes it, and a constructor that has it is routed already. */
export const BASE_URL_VARIABLE = 'CALLGATE_BASE_URL';
export const API_KEY_VARIABLE = 'CALLGATE_API_KEY';
