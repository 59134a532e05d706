import type { SignedRequest, Signer } from '../provider.ts';
import { type CloudAuth, type CloudClient, readCredentials } from './cloud-client.ts';
import { type VertexPlace, vertexBase } from './vertex-place.ts';

const GLOBAL = 'global';
/** To be told a token. */
const TIMEOUT_MS = 15_000;
const MOST_CLIENTS = 100;

type Known = { readonly client: CloudClient; readonly project: string | null; readonly region: string | null };

/**
 * Signs requests to Google's cloud: with the key of a service account (its JSON), with an API key, or without a key as whoever this
 * machine is; and addresses them to the project and region, which may be the key's own.
 */
export function vertexSigner(place: VertexPlace, load: () => Promise<CloudAuth>, fetcher: typeof fetch): Signer {
  const written = vertexBase(place.base, place.project, place.location ?? GLOBAL);
  const clients = new Map<string | null, Promise<Known | string>>();

  const known = (key: string | null): Promise<Known | string> => {
    let client = clients.get(key);
    if (!client) {
      if (clients.size >= MOST_CLIENTS) clients.clear();
      client = open(key, place, load, fetcher);
      clients.set(key, client);
      client.catch(() => clients.delete(key));
    }
    return client;
  };

  return async (request, key, signal) => {
    const to = (project: string | null, location: string) =>
      `${vertexBase(place.base, project, location)}${request.url.slice(written.length)}`;
    if (key !== null && !key.trimStart().startsWith('{')) {
      const headers = { ...request.headers, 'x-goog-api-key': key };
      const url = to(place.project, place.location ?? GLOBAL);
      return { kind: 'signed', request: { ...request, url, headers }, secret: key };
    }
    try {
      const one = await within(known(key), signal);
      if (typeof one === 'string') return { kind: 'unsigned', status: 401, message: one };
      const project = place.project ?? one.project ?? (await within(one.client.project(), signal));
      if (project === null)
        return {
          kind: 'unsigned',
          status: 401,
          message: 'No project of Google’s cloud is named: say vertex.project in config.yaml',
        };
      const told = await within(one.client.headers(), signal);
      const url = to(project, place.location ?? one.region ?? GLOBAL);
      const secret = told['authorization']?.replace(/^Bearer /, '') ?? '';
      return { kind: 'signed', request: { ...request, url, headers: { ...request.headers, ...told } }, secret };
    } catch (error) {
      return unsigned(error, signal);
    }
  };
}

async function open(
  key: string | null,
  place: VertexPlace,
  load: () => Promise<CloudAuth>,
  fetcher: typeof fetch,
): Promise<Known | string> {
  const credentials = key === null ? null : readCredentials(key);
  if (typeof credentials === 'string') return `The key of Google’s cloud cannot be used: ${credentials}`;
  const cloudAuth = await load();
  let client: CloudClient;
  try {
    client = cloudAuth(credentials, place.project, fetcher);
  } catch (error) {
    // It lacks a member; which one is all that the library says.
    return `The key of Google’s cloud cannot be used: ${error instanceof Error ? error.message : String(error)}`;
  }
  return {
    client,
    project: credentials?.project_id ?? credentials?.quota_project_id ?? null,
    region: credentials?.region ?? null,
  };
}

/** What Google says of a key, or that it could not be asked. The text of a key never stands in what its library says. */
function unsigned(error: unknown, signal: AbortSignal): SignedRequest {
  if (signal.aborted) return { kind: 'aborted' };
  const { message, response } = error as {
    readonly message?: unknown;
    readonly response?: { readonly status?: unknown };
  };
  const status = typeof response?.status === 'number' && response.status < 500 ? 401 : 0;
  return { kind: 'unsigned', status, message: `Google’s cloud gives no token: ${String(message).slice(0, 300)}` };
}

/** The library takes no signal: it goes on in the background, for the next call. */
async function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const stop = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('it took too long')), TIMEOUT_MS);
    onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, stop]);
  } finally {
    clearTimeout(timer);
    if (onAbort) signal.removeEventListener('abort', onAbort);
  }
}
