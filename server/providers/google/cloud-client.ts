/** The JSON of a service account's key, or of a person's credentials, with OpenRouter's `region` beside it. */
export type CloudCredentials = {
  readonly type: 'service_account' | 'authorized_user';
  readonly project_id?: string;
  readonly quota_project_id?: string;
  readonly region?: string;
};

/** Somebody in Google's cloud. Tokens are kept and renewed by it. */
export type CloudClient = {
  /** What a request is sent with; throws when there is no token to be had. */
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  /** Null: nobody has said which. */
  readonly project: () => Promise<string | null>;
};

/** `credentials` null: whoever this machine is (application default credentials). `project` null: it is yet to be found out. */
export type CloudAuth = (
  credentials: CloudCredentials | null,
  project: string | null,
  fetcher: typeof fetch,
) => CloudClient;

/**
 * Reads a key. Other kinds of credentials name addresses to ask and programs to run, which a key that somebody brings must not:
 * https://cloud.google.com/docs/authentication/external/externally-sourced-credentials
 */
export function readCredentials(key: string): CloudCredentials | string {
  let value: unknown;
  try {
    value = JSON.parse(key);
  } catch {
    return 'it is no JSON';
  }
  const { type } = (value ?? {}) as { readonly type?: unknown };
  if (type !== 'service_account' && type !== 'authorized_user')
    return `its type is ${String(type).slice(0, 40)}, and only service_account and authorized_user are taken as a key`;
  return value as CloudCredentials;
}
