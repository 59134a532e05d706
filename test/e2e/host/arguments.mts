import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** The part of VS Code's command line that a test run uses. */
export type VscodeArguments = {
  readonly workspace?: string;
  readonly extensions: readonly string[];
  readonly tests?: string;
  readonly userData?: string;
  readonly extensionsDir?: string;
  readonly disableExtensions: boolean;
  readonly trusted: boolean;
};

/**
 * Reads what a desktop VS Code would be started with. Switches of Electron and of the desktop alone mean nothing to the
 * server and are passed over, as VS Code itself does with what it does not know.
 */
export function parseVscodeArguments(args: readonly string[]): VscodeArguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      extensionDevelopmentPath: { type: 'string', multiple: true },
      extensionTestsPath: { type: 'string' },
      'folder-uri': { type: 'string' },
      'file-uri': { type: 'string' },
      'user-data-dir': { type: 'string' },
      'extensions-dir': { type: 'string' },
      'disable-extensions': { type: 'boolean' },
      'disable-workspace-trust': { type: 'boolean' },
    },
    strict: false,
    allowPositionals: true,
  });
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  const path = (value: string | undefined) => (value?.startsWith('file:') ? fileURLToPath(value) : value);
  const workspace = path(text(values['folder-uri']) ?? text(values['file-uri']) ?? positionals[0]);
  const tests = path(text(values.extensionTestsPath));
  const userData = text(values['user-data-dir']);
  const extensionsDir = text(values['extensions-dir']);
  return {
    ...(workspace === undefined ? {} : { workspace }),
    ...(tests === undefined ? {} : { tests }),
    ...(userData === undefined ? {} : { userData }),
    ...(extensionsDir === undefined ? {} : { extensionsDir }),
    extensions: (values.extensionDevelopmentPath ?? []).flatMap((value) => path(text(value)) ?? []),
    disableExtensions: values['disable-extensions'] === true,
    trusted: values['disable-workspace-trust'] === true,
  };
}
