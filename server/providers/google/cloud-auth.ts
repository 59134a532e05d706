import { type AuthClient, GoogleAuth, JWT, UserRefreshClient } from 'google-auth-library';
import type { CloudAuth, CloudClient, CloudCredentials } from './cloud-client.ts';

const SCOPES = ['https://www.googleapis.com/auth/cloud-platform'];

/** Google's own library: a bundle of its own (esbuild.mjs), loaded by the first call that needs it (load-cloud-auth.ts). */
export const cloudAuth: CloudAuth = (credentials, fetcher) => {
  const transporterOptions = { fetchImplementation: fetcher };
  if (credentials) return clientOf(known(credentials, transporterOptions), credentials.project_id ?? null);
  const auth = new GoogleAuth({ scopes: SCOPES, clientOptions: { transporterOptions } });
  let client: Promise<AuthClient> | undefined;
  return {
    headers: async () => {
      client ??= auth.getClient();
      return Object.fromEntries(await (await client).getRequestHeaders());
    },
    project: () => auth.getProjectId().catch(() => null),
  };
};

function known(credentials: CloudCredentials, transporterOptions: object): AuthClient {
  if (credentials.type === 'authorized_user') {
    const client = new UserRefreshClient({ transporterOptions });
    client.fromJSON(credentials);
    return client;
  }
  const client = new JWT({ scopes: SCOPES, transporterOptions });
  client.fromJSON(credentials);
  return client;
}

const clientOf = (client: AuthClient, project: string | null): CloudClient => ({
  headers: async () => Object.fromEntries(await client.getRequestHeaders()),
  project: async () => project,
});
