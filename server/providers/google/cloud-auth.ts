import { type AuthClient, GoogleAuth, JWT, UserRefreshClient } from 'google-auth-library';
import type { CloudAuth, CloudClient, CloudCredentials } from './cloud-client.ts';

const SCOPES = ['https://www.googleapis.com/auth/cloud-platform'];

/** Google's own library: a bundle of its own (esbuild.mjs), loaded by the first call that needs it (load-cloud-auth.ts). */
export const cloudAuth: CloudAuth = (credentials, project, fetcher) => {
  const transporterOptions = { fetchImplementation: fetcher };
  if (credentials) return clientOf(clientFor(credentials, transporterOptions), credentials.project_id ?? null);
  // Unless it is told the project, it asks Google for it before anything else.
  const known = project === null ? {} : { projectId: project };
  const auth = new GoogleAuth({ scopes: SCOPES, clientOptions: { transporterOptions }, ...known });
  let client: Promise<AuthClient> | undefined;
  return {
    headers: async () => {
      client ??= auth.getClient().catch((error: unknown) => {
        client = undefined;
        throw error;
      });
      return Object.fromEntries(await (await client).getRequestHeaders());
    },
    project: () => auth.getProjectId().catch(() => null),
  };
};

function clientFor(credentials: CloudCredentials, transporterOptions: object): AuthClient {
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
