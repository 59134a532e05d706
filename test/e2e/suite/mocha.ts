/** Mocha without a command line and without globals: suites import `describe` and `it` from here. */
import { writeFileSync } from 'node:fs';
import { format } from 'node:util';
import Mocha from 'mocha';
import { SUITE_MARK } from '../host/mark.mts';

export const mocha = new Mocha({ ui: 'bdd', timeout: 60_000, reporter: 'spec' });
/** For whoever works on one test: `CALLGATE_E2E_GREP=spend npm run test:e2e`. */
const only = process.env['CALLGATE_E2E_GREP'];
if (only) mocha.grep(new RegExp(only));
Mocha.reporters.Base.consoleLog = (...line: unknown[]) => console.log(SUITE_MARK + format(...line));

const context = {} as Mocha.MochaGlobals;
mocha.suite.emit('pre-require', context, '', mocha);

export const { after, afterEach, before, beforeEach, describe, it } = context;

/** A line among the results: a figure that is worth knowing and that no test may depend on. */
export const note = (line: string): void => console.log(`${SUITE_MARK}      (${line})`);

/** Counted by `run.mts`, which reads it from the file named by `CALLGATE_E2E_RESULTS`. */
export type Results = { readonly passed: number; readonly failed: number; readonly pending: number };

/** Runs what has been described so far. Rejects when a test failed or when there was none. */
export function runMocha(resultsFile: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const runner = mocha.run((failures) => {
      const { passes, pending } = runner.stats ?? { passes: 0, pending: 0 };
      const results: Results = { passed: passes, failed: failures, pending };
      if (resultsFile) writeFileSync(resultsFile, JSON.stringify(results));
      if (failures > 0) reject(new Error(`${failures} failed`));
      else if (passes === 0) reject(new Error('no test ran'));
      else resolve();
    });
  });
}
