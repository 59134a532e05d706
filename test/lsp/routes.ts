/** Programs before and after "Route through Callgate (@preset/hello)". Each pair compiles against the `openai` package. */
export type RouteCase = {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly tsx?: boolean;
};

const BASE = `process.env.CALLGATE_BASE_URL ?? 'http://127.0.0.1:4141/api/v1'`;
const BASE_DOUBLE = `process.env.CALLGATE_BASE_URL ?? "http://127.0.0.1:4141/api/v1"`;
const KEY = 'process.env.CALLGATE_API_KEY';
const CALL = (client: string, model: string) =>
  `await ${client}.chat.completions.create({ model: '${model}', messages: [] });`;

/** A header, a construction, and a call; only the construction differs. */
const around = (construction: string, imports = `import OpenAI from 'openai';`, model = 'gpt-4o') =>
  `${imports}\nconst client = ${construction};\n${CALL('client', model)}\n`;

const options = (name: string, before: string, after: string): RouteCase => ({
  name,
  before: around(`new OpenAI(${before})`),
  after: around(`new OpenAI(${after})`, undefined, '@preset/hello'),
});

const imported = (name: string, imports: string, callee: string): RouteCase => ({
  name,
  before: around(`new ${callee}({ timeout: 5 })`, imports),
  after: around(`new ${callee}({ timeout: 5, baseURL: ${BASE}, apiKey: ${KEY} })`, imports, '@preset/hello'),
});

const fresh = (indent = '') => `{\n${indent}  baseURL: ${BASE},\n${indent}  apiKey: ${KEY},\n${indent}}`;

export const ROUTES: readonly RouteCase[] = [
  options('no arguments', '', fresh()),
  options('an empty object', '{}', fresh()),
  options('an empty object with a space', '{ }', fresh()),
  options(
    'only a comment',
    '{ /* from the environment */ }',
    `{ /* from the environment */\n  baseURL: ${BASE},\n  apiKey: ${KEY},\n}`,
  ),
  options(
    'only a comment on a line of its own',
    '{\n  // from the environment\n}',
    `{\n  // from the environment\n  baseURL: ${BASE},\n  apiKey: ${KEY},\n}`,
  ),
  options('a key', `{ apiKey: 'x' }`, `{ apiKey: ${KEY}, baseURL: ${BASE} }`),
  options(
    'a key and a base URL',
    `{ apiKey: 'x', baseURL: 'https://api.openai.com/v1' }`,
    `{ apiKey: ${KEY}, baseURL: ${BASE} }`,
  ),
  options('an undefined base URL', `{ baseURL: undefined }`, `{ baseURL: ${BASE}, apiKey: ${KEY} }`),
  options('quoted keys', `{ 'apiKey': 'x', "timeout": 5 }`, `{ 'apiKey': ${KEY}, "timeout": 5, baseURL: ${BASE} }`),
  options('a trailing comma', `{ timeout: 5, }`, `{ timeout: 5, baseURL: ${BASE}, apiKey: ${KEY}, }`),
  options(
    'a trailing comment in one line',
    `{ timeout: 5 /* s */ }`,
    `{ timeout: 5, baseURL: ${BASE}, apiKey: ${KEY} /* s */ }`,
  ),
  options(
    'one option a line',
    `{\n  timeout: 5,\n  maxRetries: 1,\n}`,
    `{\n  timeout: 5,\n  maxRetries: 1,\n  baseURL: ${BASE},\n  apiKey: ${KEY},\n}`,
  ),
  options(
    'one option a line, no last comma, a comment behind',
    `{\n  apiKey: 'x', // mine\n  timeout: 5 // five\n}`,
    `{\n  apiKey: ${KEY}, // mine\n  timeout: 5, // five\n  baseURL: ${BASE}\n}`,
  ),
  options(
    'a comment after the last option',
    `{\n  timeout: 5,\n  // baseURL: later\n}`,
    `{\n  timeout: 5,\n  // baseURL: later\n  baseURL: ${BASE},\n  apiKey: ${KEY},\n}`,
  ),
  options(
    'a cast',
    `{ timeout: 5 } as { timeout: number }`,
    `{ timeout: 5, baseURL: ${BASE}, apiKey: ${KEY} } as { timeout: number }`,
  ),
  {
    name: 'a spread before',
    before: around(
      'new OpenAI({ ...shared, timeout: 5 })',
      `import OpenAI from 'openai';\nconst shared = { maxRetries: 1 };`,
    ),
    after: around(
      `new OpenAI({ ...shared, timeout: 5, baseURL: ${BASE}, apiKey: ${KEY} })`,
      `import OpenAI from 'openai';\nconst shared = { maxRetries: 1 };`,
      '@preset/hello',
    ),
  },
  {
    name: 'a spread after the key, which could override it',
    before: around(
      `new OpenAI({ apiKey: 'x', ...shared })`,
      `import OpenAI from 'openai';\nconst shared = { maxRetries: 1 };`,
    ),
    after: around(
      `new OpenAI({ ...shared, baseURL: ${BASE}, apiKey: ${KEY} })`,
      `import OpenAI from 'openai';\nconst shared = { maxRetries: 1 };`,
      '@preset/hello',
    ),
  },
  {
    name: 'a shorthand key',
    before: around('new OpenAI({ apiKey })', `import OpenAI from 'openai';\nconst apiKey = 'x';`),
    after: around(
      `new OpenAI({ apiKey: ${KEY}, baseURL: ${BASE} })`,
      `import OpenAI from 'openai';\nconst apiKey = 'x';`,
      '@preset/hello',
    ),
  },
  {
    name: 'no parentheses',
    before: around('new OpenAI'),
    after: around(`new OpenAI(${fresh()})`, undefined, '@preset/hello'),
  },
  {
    name: 'double quotes',
    before: `import OpenAI from "openai";\nconst client = new OpenAI({ apiKey: "x" });\nawait client.chat.completions.create({ model: "gpt-4o", messages: [] });\n`,
    after: `import OpenAI from "openai";\nconst client = new OpenAI({ apiKey: ${KEY}, baseURL: ${BASE_DOUBLE} });\nawait client.chat.completions.create({ model: "@preset/hello", messages: [] });\n`,
  },
  {
    name: 'CRLF and tabs',
    before: `import OpenAI from 'openai';\r\nexport function make() {\r\n\treturn new OpenAI();\r\n}\r\n`,
    after: `import OpenAI from 'openai';\r\nexport function make() {\r\n\treturn new OpenAI({\r\n\t\tbaseURL: ${BASE},\r\n\t\tapiKey: ${KEY},\r\n\t});\r\n}\r\n`,
  },
  {
    name: 'environment by index',
    before: around(`new OpenAI({ apiKey: process.env['OPENAI_API_KEY'] })`),
    after: around(
      `new OpenAI({ apiKey: process.env['CALLGATE_API_KEY'], baseURL: process.env['CALLGATE_BASE_URL'] ?? 'http://127.0.0.1:4141/api/v1' })`,
      undefined,
      '@preset/hello',
    ),
  },
  imported('a named import', `import { OpenAI } from 'openai';`, 'OpenAI'),
  imported('an aliased import', `import { OpenAI as Client } from 'openai';`, 'Client'),
  imported('an aliased default', `import { default as Client } from 'openai';`, 'Client'),
  imported(
    'a default import by another name',
    `import Client, { type ClientOptions } from 'openai';\nexport type O = ClientOptions;`,
    'Client',
  ),
  imported('a namespace', `import * as openai from 'openai';`, 'openai.OpenAI'),
  imported('the default of a namespace', `import * as openai from 'openai';`, 'openai.default'),
  imported('an alias in the file', `import OpenAI from 'openai';\nconst Client = OpenAI;`, 'Client'),
  imported('a dynamic import', `const { OpenAI } = await import('openai');`, 'OpenAI'),
  imported('a dynamic import, aliased', `const { default: Client } = await import('openai');`, 'Client'),
  imported('a dynamic import, whole', `const sdk = await import('openai');`, 'sdk.OpenAI'),
  {
    name: 'hoisted options',
    before: around('new OpenAI(options)', `import OpenAI from 'openai';\nconst options = { apiKey: 'x', timeout: 5 };`),
    after: around(
      'new OpenAI(options)',
      `import OpenAI from 'openai';\nconst options = { apiKey: ${KEY}, timeout: 5, baseURL: ${BASE} };`,
      '@preset/hello',
    ),
  },
  {
    name: 'hoisted options with the SDK’s type',
    before: around(
      'new OpenAI(options)',
      `import OpenAI, { type ClientOptions } from 'openai';\nconst options: ClientOptions = {};`,
    ),
    after: around(
      'new OpenAI(options)',
      `import OpenAI, { type ClientOptions } from 'openai';\nconst options: ClientOptions = ${fresh()};`,
      '@preset/hello',
    ),
  },
  {
    name: 'a private field',
    before: `import OpenAI from 'openai';
export class Bot {
  readonly #client = new OpenAI({ timeout: 5 });
  readonly other = { chat: { completions: { create: (_: { model: string }) => 1 } } };
  async ask() {
    this.other.chat.completions.create({ model: 'mine' });
    return this.#client.chat.completions.create({ model: \`gpt-4o\`, messages: [] });
  }
}
`,
    after: `import OpenAI from 'openai';
export class Bot {
  readonly #client = new OpenAI({ timeout: 5, baseURL: ${BASE}, apiKey: ${KEY} });
  readonly other = { chat: { completions: { create: (_: { model: string }) => 1 } } };
  async ask() {
    this.other.chat.completions.create({ model: 'mine' });
    return this.#client.chat.completions.create({ model: \`@preset/hello\`, messages: [] });
  }
}
`,
  },
  {
    name: 'a field set in the constructor',
    before: `import OpenAI from 'openai';
export class Bot {
  private client: OpenAI;
  constructor() {
    this.client = new OpenAI();
  }
  ask = () => this.client.chat.completions.stream({ model: 'gpt-4o', messages: [] });
}
export class Other {
  client = { chat: { completions: { create: (_: { model: string }) => 1 } } };
  ask = () => this.client.chat.completions.create({ model: 'mine' });
}
`,
    after: `import OpenAI from 'openai';
export class Bot {
  private client: OpenAI;
  constructor() {
    this.client = new OpenAI(${fresh('    ')});
  }
  ask = () => this.client.chat.completions.stream({ model: '@preset/hello', messages: [] });
}
export class Other {
  client = { chat: { completions: { create: (_: { model: string }) => 1 } } };
  ask = () => this.client.chat.completions.create({ model: 'mine' });
}
`,
  },
  {
    name: 'a client assigned later, and one that shadows it',
    before: `import OpenAI from 'openai';
let client: OpenAI | undefined;
export async function ask() {
  client ??= undefined;
  client = client ?? new OpenAI({ timeout: 5 });
  return client!.chat.completions.parse({ model: 'gpt-4o', messages: [] });
}
export function elsewhere(client: { chat: { completions: { create(_: { model: string }): void } } }) {
  client.chat.completions.create({ model: 'mine' });
}
`,
    after: `import OpenAI from 'openai';
let client: OpenAI | undefined;
export async function ask() {
  client ??= undefined;
  client = client ?? new OpenAI({ timeout: 5, baseURL: ${BASE}, apiKey: ${KEY} });
  return client!.chat.completions.parse({ model: '@preset/hello', messages: [] });
}
export function elsewhere(client: { chat: { completions: { create(_: { model: string }): void } } }) {
  client.chat.completions.create({ model: 'mine' });
}
`,
  },
  {
    name: 'used on the spot, through withOptions',
    before: `import OpenAI from 'openai';\nawait new OpenAI({ timeout: 5 }).withOptions({ maxRetries: 0 }).chat.completions.create({ messages: [], model: 'gpt-4o' });\n`,
    after: `import OpenAI from 'openai';\nawait new OpenAI({ timeout: 5, baseURL: ${BASE}, apiKey: ${KEY} }).withOptions({ maxRetries: 0 }).chat.completions.create({ messages: [], model: '@preset/hello' });\n`,
  },
  {
    name: 'a model in a constant of its own',
    before: `import OpenAI from 'openai';\nconst MODEL = 'gpt-4o';\nconst client = new OpenAI({ timeout: 5 });\nawait client.chat.completions.create({ model: MODEL, messages: [] });\nawait client.chat.completions.create({ model: MODEL, messages: [], n: 2 });\n`,
    after: `import OpenAI from 'openai';\nconst MODEL = '@preset/hello';\nconst client = new OpenAI({ timeout: 5, baseURL: ${BASE}, apiKey: ${KEY} });\nawait client.chat.completions.create({ model: MODEL, messages: [] });\nawait client.chat.completions.create({ model: MODEL, messages: [], n: 2 });\n`,
  },
  {
    name: 'a model constant that others read',
    before: `import OpenAI from 'openai';\nexport const model = 'gpt-4o';\nconst client = new OpenAI({ timeout: 5 });\nawait client.chat.completions.create({ model, messages: [] });\n`,
    after: `import OpenAI from 'openai';\nexport const model = 'gpt-4o';\nconst client = new OpenAI({ timeout: 5, baseURL: ${BASE}, apiKey: ${KEY} });\nawait client.chat.completions.create({ model: '@preset/hello', messages: [] });\n`,
  },
  {
    name: 'a request in a constant',
    before: `import OpenAI from 'openai';\nconst client = new OpenAI({ timeout: 5 });\nconst request = { model: 'gpt-4o', messages: [] };\nawait client.chat.completions.create(request);\n`,
    after: `import OpenAI from 'openai';\nconst client = new OpenAI({ timeout: 5, baseURL: ${BASE}, apiKey: ${KEY} });\nconst request = { model: '@preset/hello', messages: [] };\nawait client.chat.completions.create(request);\n`,
  },
  {
    name: 'a preset already named, a model computed, other text that looks alike',
    before: `import OpenAI from 'openai';\nconst client = new OpenAI({ timeout: 5 });\nconst pick = (): string => 'gpt-4o';\nawait client.chat.completions.create({ model: '@preset/triage', messages: [] });\nawait client.chat.completions.create({ model: pick(), messages: [{ role: 'user', content: 'model: gpt-4o' }] });\n`,
    after: `import OpenAI from 'openai';\nconst client = new OpenAI({ timeout: 5, baseURL: ${BASE}, apiKey: ${KEY} });\nconst pick = (): string => 'gpt-4o';\nawait client.chat.completions.create({ model: '@preset/triage', messages: [] });\nawait client.chat.completions.create({ model: pick(), messages: [{ role: 'user', content: 'model: gpt-4o' }] });\n`,
  },
  {
    name: 'TSX',
    tsx: true,
    before: `import OpenAI from 'openai';\nconst client = new OpenAI({ timeout: 5 });\nexport const View = () => <b onClick={() => client.chat.completions.create({ model: 'gpt-4o', messages: [] })}>new OpenAI()</b>;\n`,
    after: `import OpenAI from 'openai';\nconst client = new OpenAI({ timeout: 5, baseURL: ${BASE}, apiKey: ${KEY} });\nexport const View = () => <b onClick={() => client.chat.completions.create({ model: '@preset/hello', messages: [] })}>new OpenAI()</b>;\n`,
  },
];
