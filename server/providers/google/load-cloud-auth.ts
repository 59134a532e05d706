import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CloudAuth } from './cloud-client.ts';

let loading: Promise<CloudAuth> | undefined;

/** Google's library takes a tenth of a second and 15 MB: only who calls its cloud has it loaded. */
export function loadCloudAuth(): Promise<CloudAuth> {
  loading ??= load();
  return loading;
}

/** Beside the daemon's bundle lies this one; a daemon that runs from its source runs the source. */
async function load(): Promise<CloudAuth> {
  const bundled = join(__dirname, 'assets', 'google-auth.js');
  const file = existsSync(bundled) ? bundled : join(__dirname, 'cloud-auth.ts');
  const module = (await import(pathToFileURL(file).href)) as { readonly cloudAuth: CloudAuth };
  return module.cloudAuth;
}
