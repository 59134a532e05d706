import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { callgate } from './extension.ts';

const run = promisify(execFile);

const inModules = (...path: string[]): string => join(callgate().extensionPath, 'node_modules', ...path);
/** Node 24, which runs TypeScript as it stands; what runs VS Code may not. */
const node = (): string => inModules('node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** Compiles a file at its strictest, against what `node_modules` above it holds. Rejects with what the compiler says. */
export async function compile(file: string): Promise<void> {
  const options = {
    ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noEmit: true },
    ...{
      target: 'es2023',
      module: 'nodenext',
      moduleResolution: 'nodenext',
      moduleDetection: 'force',
      skipLibCheck: true,
    },
    ignoreConfig: true,
    ...{ typeRoots: inModules('@types'), types: 'node' },
  };
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  await run(node(), [inModules('typescript', 'bin', 'tsc'), ...flags, file]).catch(
    (error: { readonly stdout?: string }) => {
      throw new Error(`${file} does not compile:\n${error.stdout}`, { cause: error });
    },
  );
}

/** What the sample's `greet('Ada')` answers, in a process of its own that has `env` and nothing else of ours. */
export async function runGreet(file: string, env: Readonly<Record<string, string>>): Promise<string> {
  const program = `import { greet } from ${JSON.stringify(`./${file.slice(dirname(file).length + 1)}`)}; console.log(await greet('Ada'));`;
  const { stdout } = await run(node(), ['--input-type=module', '--eval', program], { cwd: dirname(file), env });
  return stdout;
}
