/** What `callgate/sandbox` says: the same words for the same request, counted and priced like a model's, and honest about it. */

export type SandboxRequest = {
  readonly messages: readonly { readonly role: string; readonly content?: unknown }[];
  readonly max_tokens?: number | null | undefined;
  readonly max_completion_tokens?: number | null | undefined;
  readonly response_format?: { readonly type?: unknown } | null | undefined;
  readonly tools?: readonly { readonly function?: { readonly name?: unknown } | undefined }[] | null | undefined;
  readonly tool_choice?: unknown;
};

export type SandboxReply = {
  /** The answer in pieces, a token each. */
  readonly tokens: readonly string[];
  readonly toolCall: { readonly name: string; readonly arguments: string } | null;
  readonly finishReason: 'stop' | 'length' | 'tool_calls';
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number; readonly total_tokens: number };
};

const ECHO_LIMIT = 2_000;
/**
 * A word with the space before it, or one other character: near enough to a token, and never more than there are bytes. Space that
 * nothing follows is taken too, or each blank of a long run would be searched from anew.
 */
const TOKEN = /\s*(?:[\p{L}\p{N}]+|[^\s\p{L}\p{N}]|$)/gu;

export function sandboxReply(request: SandboxRequest): SandboxReply {
  const promptTokens = request.messages.reduce((sum, { content }) => sum + 4 + tokensOf(textOf(content)).length, 0);
  const forced = forcedTool(request);
  const all = forced ? tokensOf(JSON.stringify(forced)) : tokensOf(answerTo(request));
  const most = request.max_completion_tokens ?? request.max_tokens ?? Number.POSITIVE_INFINITY;
  const tokens = all.slice(0, most);
  const cut = tokens.length < all.length;
  return {
    tokens: forced ? [] : tokens,
    toolCall: forced,
    finishReason: cut ? 'length' : forced ? 'tool_calls' : 'stop',
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: tokens.length,
      total_tokens: promptTokens + tokens.length,
    },
  };
}

function answerTo({ messages, response_format }: SandboxRequest): string {
  const last = messages.findLast(({ role }) => role === 'user') ?? messages.at(-1);
  const said = textOf(last?.content).slice(0, ECHO_LIMIT);
  if (typeof response_format?.type === 'string' && response_format.type.startsWith('json')) {
    return JSON.stringify({ sandbox: true, you_said: said });
  }
  const system = messages.find(({ role }) => role === 'system' || role === 'developer');
  const instructed = system ? ` Its instructions begin: “${firstLine(textOf(system.content))}”` : '';
  return `This is callgate/sandbox, a stand-in on your own machine: no model was called, and the price is play money.${instructed} You said: “${said}” The call itself was real: it went through a key with a cap, a preset, the router and the ledger.`;
}

function forcedTool({ tools, tool_choice }: SandboxRequest): SandboxReply['toolCall'] {
  const named = (tool_choice as { function?: { name?: unknown } } | null | undefined)?.function?.name;
  const name = named ?? (tool_choice === 'required' ? tools?.[0]?.function?.name : undefined);
  return typeof name === 'string' ? { name, arguments: '{}' } : null;
}

const firstLine = (text: string) => (text.trim().split('\n')[0] ?? '').slice(0, 120);

const tokensOf = (text: string): readonly string[] => (text.match(TOKEN) ?? []).filter((token) => token.trim() !== '');

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: { text?: unknown } | null) => (typeof part?.text === 'string' ? part.text : '')).join(' ');
}
