/**
 * `npm run test:e2e`: the suite in a real VS Code's extension host, then the tests that drive the window from outside.
 * Ends with `N passed, N failed`; fails when anything failed, when nothing ran, and when there is no VS Code to run in.
 * `CALLGATE_PICTURE=1` has it draw the picture of README.md anew as well.
 */
import { existsSync, globSync } from 'node:fs';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTests } from '@vscode/test-electron';
import Mocha from 'mocha';
import { chooseHost } from './host/desktop.mts';
import { cacheFolder, EVIDENCE, ROOT, SUITE } from './host/paths.mts';
import { createSandbox, type Sandbox } from './host/sandbox.mts';

type Results = { readonly passed: number; readonly failed: number };

const say = (line: string) => console.log(`[e2e] ${line}`);

/** What `runTests` takes for an executable: one file, whatever it needs to start. */
async function launcherIn(folder: string): Promise<string> {
  const module = join(ROOT, 'test/e2e/launcher.mts');
  const windows = process.platform === 'win32';
  const file = join(folder, windows ? 'vscode.cmd' : 'vscode');
  const command = `"${process.execPath}" "${module}"`;
  await writeFile(file, windows ? `@${command} %*\r\n` : `#!/bin/sh\nexec ${command} "$@"\n`);
  await chmod(file, 0o755);
  return file;
}

async function insideSuite(sandbox: Sandbox): Promise<Results> {
  const host = await chooseHost();
  say(host.kind === 'desktop' ? `VS Code: ${host.executable} (${host.why})` : `VS Code: the server (${host.why})`);
  const resultsFile = join(sandbox.root, 'results.json');
  let failure: unknown = null;
  try {
    await runTests({
      vscodeExecutablePath: host.kind === 'desktop' ? host.executable : await launcherIn(sandbox.root),
      extensionDevelopmentPath: ROOT,
      extensionTestsPath: SUITE,
      launchArgs: [
        sandbox.workspace,
        '--disable-extensions',
        `--user-data-dir=${sandbox.userData}`,
        `--extensions-dir=${sandbox.extensions}`,
      ],
      extensionTestsEnv: {
        ...sandbox.env,
        CALLGATE_E2E_RESULTS: resultsFile,
        CALLGATE_E2E_ACTIVATION: join(cacheFolder(), 'activation.json'),
      },
    });
  } catch (error) {
    failure = error;
  }
  const text = await readFile(resultsFile, 'utf8').catch(() => null);
  if (text === null) throw new Error('The suite ended before it had run its tests.', { cause: failure });
  const results = JSON.parse(text) as Results;
  // VS Code can end badly after every test has passed; that is a failure too.
  if (failure !== null && results.failed === 0) throw failure;
  if (results.passed + results.failed === 0) throw new Error('The suite ran no test.');
  return results;
}

async function outsideSuite(): Promise<Results> {
  const files = globSync(['test/e2e/host/*.test.mts', 'test/e2e/ui/*.ui.mts'], { cwd: ROOT }).sort();
  const mocha = new Mocha({ timeout: 120_000 });
  for (const file of files) mocha.addFile(join(ROOT, file));
  await mocha.loadFilesAsync();
  return new Promise((resolve) => {
    const runner = mocha.run((failed) => resolve({ passed: runner.stats?.passes ?? 0, failed }));
    interruption.addEventListener('abort', () => runner.abort());
  });
}

// Ctrl-C ends the tests, not the cleaning up after them; a second one ends that as well.
const interrupted = new AbortController();
const interruption = interrupted.signal;
process.on('SIGINT', () => (interruption.aborted ? process.exit(130) : interrupted.abort()));

async function main(): Promise<Results> {
  for (const bundle of [SUITE, join(ROOT, 'dist/extension.js')]) {
    if (!existsSync(bundle)) throw new Error(`${bundle} is missing: run \`npm run build\` first.`);
  }
  await rm(EVIDENCE, { recursive: true, force: true });
  const sandbox = await createSandbox();
  const inside = await insideSuite(sandbox).finally(sandbox.dispose);
  interruption.throwIfAborted();
  const outside = await outsideSuite();
  interruption.throwIfAborted();
  if (process.env['CALLGATE_PICTURE'] === '1') await (await import('./picture.mts')).drawPicture();
  return { passed: inside.passed + outside.passed, failed: inside.failed + outside.failed };
}

try {
  const { passed, failed } = await main();
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  console.error(error);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
