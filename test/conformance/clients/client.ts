/** What a program asks of a model, in no client's words. */
export type Ask = {
  readonly model: string;
  /** Fallbacks. */
  readonly models?: readonly string[];
  readonly provider?: {
    readonly order?: string[];
    readonly only?: string[];
    readonly ignore?: string[];
    readonly sort?: 'price';
  };
  readonly system?: string;
  readonly text?: string;
  /** A data URL or an address. */
  readonly image?: string;
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly effort?: 'high';
  readonly stream: boolean;
  readonly signal?: AbortSignal;
  /** Called for each piece of text of a stream. */
  readonly onPiece?: () => void;
};

/** What the program was told, as far as its client tells: undefined is what a client keeps to itself. */
export type Told = {
  readonly text: string;
  readonly reasoning: string | undefined;
  readonly finish: string | undefined;
  readonly prompt: number | undefined;
  readonly completion: number | undefined;
  readonly cost: number | null | undefined;
};

export type ToolRun = {
  readonly calls: readonly { readonly name: string; readonly arguments: unknown }[];
  /** After the tool's result. */
  readonly text: string;
};

export type Failure = { readonly kind: string; readonly status: number | undefined; readonly message: string };

/** A client library as a program uses it. What it throws is told by `failure`. */
export type Client = {
  readonly ask: (ask: Ask) => Promise<Told>;
  /** Offers the tool `weather`, runs it for the model, and gives the model its result. */
  readonly useTool: (ask: Ask, weather: (city: string) => string) => Promise<ToolRun>;
  /** An answer that fits `SCHEMA`, as the client parses it. */
  readonly structured: (ask: Ask) => Promise<unknown>;
  readonly failure: (error: unknown) => Failure;
};

export type Options = {
  /** Up to and with `/api/v1`. */
  readonly url: string;
  readonly key: string;
  readonly fetch: typeof fetch;
  /** As the client retries by itself, or not at all. */
  readonly retries: boolean;
};

export type ClientKind = {
  readonly name: string;
  readonly open: (options: Options) => Client;
  /** How the client tells a cost: some keep it to themselves. */
  readonly tellsCost: boolean;
  readonly tellsReasoning: boolean;
  /** Whether it gives a model's signed reasoning back by itself with a tool's result. */
  readonly keepsReasoning: boolean;
  /** How often it asks in all, by itself, when it is answered 429; undefined where it takes too long to find out. */
  readonly asksWhenBusy: number | undefined;
  /** What it throws for an HTTP status. */
  readonly kinds: Readonly<Record<number, string>>;
};

export const WEATHER_TOOL = {
  name: 'weather',
  description: 'The temperature of a city',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
} as const;

export const SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' }, degrees: { type: 'integer' } },
  required: ['city', 'degrees'],
  additionalProperties: false,
} as const;

/** The name of an error's class. */
export const classOf = (error: unknown) => (error instanceof Error ? error.constructor.name : typeof error);
