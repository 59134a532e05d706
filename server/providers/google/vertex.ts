import { fetch as fetchThrough } from 'undici';
import { outgoingDispatcher } from '../dispatcher.ts';
import type { Provider, Signer } from '../provider.ts';
import { loadCloudAuth } from './load-cloud-auth.ts';
import { type VertexPlace, vertexBase } from './vertex-place.ts';
import { vertexSigner } from './vertex-signer.ts';

/** What config.yaml says of a place in Google's cloud; the variables are those of Google's own SDKs. */
export type VertexEntry = { readonly project?: string | undefined; readonly location?: string | undefined };

/** How a provider in Google's cloud is reached: its address, and what signs its requests. */
export function vertexAt(
  entry: VertexEntry,
  base: string | undefined,
  env: NodeJS.ProcessEnv,
): Pick<Provider, 'baseUrl'> & { readonly sign: Signer } {
  const place: VertexPlace = {
    base,
    project: entry.project ?? (env['GOOGLE_CLOUD_PROJECT'] || null),
    location: entry.location ?? (env['GOOGLE_CLOUD_LOCATION'] || null),
  };
  const address = vertexBase(base, place.project, place.location ?? 'global');
  return { baseUrl: () => address, sign: vertexSigner(place, loadCloudAuth, fetcherOf(env)) };
}

/** Tokens are fetched the way calls go: through the proxy that the environment names. */
function fetcherOf(env: NodeJS.ProcessEnv): typeof fetch {
  let dispatcher: ReturnType<typeof outgoingDispatcher> | undefined;
  return ((input: string, init: object) => {
    dispatcher ??= outgoingDispatcher(env, {});
    return fetchThrough(input, { ...init, dispatcher });
  }) as typeof fetch;
}
