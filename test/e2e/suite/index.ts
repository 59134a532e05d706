/** What VS Code runs in the extension host. A further suite is one further import. */
import { runMocha } from './mocha.ts';

import './activation.e2e.ts';
import './spend.e2e.ts';
import './permits.e2e.ts';
import './completion.e2e.ts';
import './language.e2e.ts';
import './policy-file.e2e.ts';
import './detect.e2e.ts';
import './doctor.e2e.ts';
import './daemon-down.e2e.ts';

export function run(): Promise<void> {
  return runMocha(process.env['CALLGATE_E2E_RESULTS']);
}
