import type { AdminContext } from '../admin/context.ts';
import type { DoctorParts } from '../doctor/doctor.ts';
import { budgetsOf } from '../engine/budgets.ts';
import type { ComposeOptions } from './composition.ts';
import { paths } from './state-folder.ts';

/** What the doctor looks at: this daemon's folder and configuration, and its providers. */
export function doctorParts(
  options: ComposeOptions,
  { store, ledger, providers, policyOf, now }: AdminContext,
): DoctorParts {
  const all = paths(options.state);
  return {
    providers,
    ledger,
    editorKey: () => store.keys.ofKind('editor'),
    budgetsOf: (key) => budgetsOf(policyOf(key), now()),
    env: options.env,
    now,
    house: {
      state: options.state,
      secretFiles: [all.database, all.managementKey, all.masterKey, all.providerKeys],
      configPath: all.config,
      configProblems: () => options.configStanding().problems,
      url: () => options.info()?.url ?? '',
      store,
      providers,
    },
  };
}
