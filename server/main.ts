import { isNodeSupported, nodeTooOld } from './daemon/node-version.ts';
import { quietSqliteWarning } from './daemon/quiet-warning.ts';

// All else is imported at need: on a Node too old even its modules' first lines would fail, in words nobody understands.
if (isNodeSupported(process.versions.node)) {
  quietSqliteWarning();
  void import('./cli/program.ts')
    .then(({ runCommandLine }) =>
      runCommandLine(process.argv, async () => (await import('./daemon/compose.ts')).compose),
    )
    .then((exitCode) => {
      process.exitCode = exitCode;
    });
} else {
  process.stderr.write(`${nodeTooOld(process.versions.node)}\n`);
  process.exitCode = 3;
}
