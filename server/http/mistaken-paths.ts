import type { FastifyInstance } from 'fastify';
import { refuse } from '../errors.ts';
import { sendRefusal } from './reply.ts';

export type Mistake = {
  /** Of what comes to a path that nobody serves. */
  readonly path: RegExp;
  /** What the caller meant. */
  readonly mistake: string;
  /** The right base URL, behind the daemon's own address. */
  readonly base: string;
};

/** What clients ask for when their base URL, or their wire, is not one of ours; the first that fits is told. */
export const MISTAKES: readonly Mistake[] = [
  {
    path: /^\/(?:api\/|v1\/|api\/v1\/)openai\/v1\//,
    mistake: 'this client appends /openai/v1 to its base URL by itself',
    base: '',
  },
  {
    path: /^\/(?:api\/)?v1\/v1\//,
    mistake: 'the base URL ends in /v1 and this client appends another one',
    base: '/api',
  },
  {
    path: /^\/(?:api\/)?v1\/v1beta\//,
    mistake: 'the base URL ends in /v1 and this client appends /v1beta',
    base: '',
  },
  {
    path: /^\/(?:v1\/|api\/v1\/)?openai\/deployments\//,
    mistake: 'these are Azure’s paths; use the client for OpenAI itself, with this base URL',
    base: '/v1',
  },
  {
    path: /^(?:\/api)?(?:\/v1)?\/v2\/(?:chat|embed|rerank)$/,
    mistake: 'this is Cohere’s wire, which is not spoken here; use a client for OpenAI with this base URL',
    base: '/v1',
  },
  {
    path: /^(?:\/v1)?\/api\/(?:chat|generate|tags|show|embed|embeddings)$/,
    mistake: 'this is Ollama’s wire, which is not spoken here; use a client for OpenAI with this base URL',
    base: '/v1',
  },
  {
    path: /^(?:\/api)?(?:\/v1)?\/model\/[^/]+\/(?:converse|converse-stream|invoke|invoke-with-response-stream)$/,
    mistake: 'this is Bedrock’s wire, which is not spoken here; use a client for OpenAI with this base URL',
    base: '/v1',
  },
  {
    path: /^\/(?:chat\/completions|completions|responses|embeddings)$/,
    mistake: 'the base URL must end in /v1',
    base: '/v1',
  },
  { path: /^\/messages(?:\/count_tokens)?$/, mistake: 'Anthropic’s paths begin with /v1', base: '' },
];

/** Groq's client appends `/openai/v1` to whatever its base URL is: with the daemon's own address, that is OpenAI's `/v1`. */
export const withoutAlias = (url: string): string =>
  url.startsWith('/openai/v1/') ? url.slice('/openai'.length) : url;

/** The mistake that a path shows; null: it is none of those that are known. */
export const mistakeOf = (path: string): Mistake | null => MISTAKES.find((one) => one.path.test(path)) ?? null;

/** Answers paths that nobody serves: where a known mistake led there, with its name and the right base URL. */
export function mistakenPaths(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const asked = `${request.method} ${path}`;
    const known = mistakeOf(path);
    if (!known) return sendRefusal(reply, refuse('not_found', { detail: asked }));
    const base = `http://${request.headers.host ?? 'localhost'}${known.base}`;
    return sendRefusal(
      reply,
      refuse('not_found', {
        message: `There is no ${asked.slice(0, 300)}: ${known.mistake}. The right base URL is ${base}`,
        metadata: { base_url: base },
      }),
    );
  });
}
