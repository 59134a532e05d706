import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseVscodeArguments } from './arguments.mts';

describe("the launcher's reading of VS Code's command line", () => {
  it('takes what @vscode/test-electron passes', () => {
    const parsed = parseVscodeArguments([
      '/w/sample',
      '--disable-extensions',
      '--user-data-dir=/t/user',
      '--extensions-dir=/t/ext',
      '--no-sandbox',
      '--disable-gpu-sandbox',
      '--disable-workspace-trust',
      '--extensionTestsPath=/r/out/e2e/index.js',
      '--extensionDevelopmentPath=/r',
      '--extensionDevelopmentPath=/other',
    ]);
    assert.deepEqual(parsed, {
      workspace: '/w/sample',
      tests: '/r/out/e2e/index.js',
      extensions: ['/r', '/other'],
      userData: '/t/user',
      extensionsDir: '/t/ext',
      disableExtensions: true,
      trusted: true,
    });
  });

  it('takes a folder as a URI, and leaves the window in Restricted Mode unless told otherwise', () => {
    const parsed = parseVscodeArguments(['--folder-uri', 'file:///w/a%20b', '--extensionDevelopmentPath', '/r']);
    assert.equal(parsed.workspace, '/w/a b');
    assert.deepEqual(parsed.extensions, ['/r']);
    assert.equal(parsed.trusted, false);
  });

  it('passes over switches it does not know, and values that are missing', () => {
    const parsed = parseVscodeArguments(['--inspect-extensions=9333', '/w', '--extensionTestsPath']);
    assert.deepEqual(parsed, { workspace: '/w', extensions: [], disableExtensions: false, trusted: false });
  });
});
