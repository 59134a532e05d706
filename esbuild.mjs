// Builds every bundle: `node esbuild.mjs [--watch] [--production]`.
import { cpSync, existsSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { build as bundle, context } from 'esbuild';
import packageJson from './package.json' with { type: 'json' };

const watch = process.argv.includes('--watch');
const production = process.argv.includes('--production');

const shared = {
  bundle: true,
  minifySyntax: true,
  minifyWhitespace: production,
  sourcemap: production ? false : 'linked',
  logLevel: 'warning',
  legalComments: 'none',
  define: { CALLGATE_VERSION: JSON.stringify(packageJson.version) },
};
const node = { ...shared, platform: 'node', format: 'cjs', target: 'node22.13' };

const bundles = [
  { ...node, entryPoints: ['client/extension.ts'], outfile: 'dist/extension.js', external: ['vscode'] },
  {
    ...node,
    entryPoints: ['server/main.ts'],
    outfile: 'dist/daemon.js',
    minifyWhitespace: true,
    banner: { js: '#!/usr/bin/env node' },
  },
  {
    // The vocabulary is larger than all the rest, and most daemons never count a token.
    ...node,
    sourcemap: false,
    entryPoints: ['server/pricing/tokenizer-worker.ts'],
    outfile: 'dist/assets/tokenizer-worker.js',
  },
  {
    // Most daemons never call Google's cloud.
    ...node,
    sourcemap: false,
    minifyWhitespace: true,
    entryPoints: ['server/providers/google/cloud-auth.ts'],
    outfile: 'dist/assets/google-auth.js',
  },
  {
    // A module, because web-tree-sitter finds itself by import.meta.url.
    ...node,
    format: 'esm',
    entryPoints: ['server/language/calls/syntax-worker.ts'],
    outfile: 'dist/assets/syntax-worker.mjs',
  },
  {
    ...shared,
    platform: 'browser',
    format: 'iife',
    target: 'es2023',
    entryPoints: globSync('client/**/webview/*.ts').map((file) => ({
      in: file,
      out: `${basename(dirname(dirname(file)))}-${basename(file, '.ts')}`,
    })),
    outdir: 'dist/webview',
  },
  { ...node, entryPoints: ['test/e2e/suite/index.ts'], outfile: 'out/e2e/index.js', external: ['vscode', 'mocha'] },
].filter(
  (bundle) =>
    bundle.entryPoints.length > 0 && (typeof bundle.entryPoints[0] !== 'string' || existsSync(bundle.entryPoints[0])),
);

const assets = [
  ['node_modules/web-tree-sitter/web-tree-sitter.wasm', 'dist/assets/web-tree-sitter.wasm'],
  ['node_modules/tree-sitter-typescript/tree-sitter-typescript.wasm', 'dist/assets/tree-sitter-typescript.wasm'],
  ['node_modules/tree-sitter-typescript/tree-sitter-tsx.wasm', 'dist/assets/tree-sitter-tsx.wasm'],
  ['server/detect/injection/injection-model.bin', 'dist/assets/injection-model.bin'],
  ['node_modules/@vscode/codicons/dist/codicon.css', 'dist/webview/codicon.css'],
  ['node_modules/@vscode/codicons/dist/codicon.ttf', 'dist/webview/codicon.ttf'],
];

rmSync('dist', { recursive: true, force: true });
rmSync('out', { recursive: true, force: true });
mkdirSync('dist/assets', { recursive: true });
for (const [from, to] of assets) cpSync(from, to);
// For editors that are not ours: what the source says, made once.
const { outputFiles } = await bundle({
  ...node,
  sourcemap: false,
  format: 'esm',
  write: false,
  entryPoints: ['server/policy-file/schema.ts'],
});
const source = Buffer.from(outputFiles[0].contents).toString('base64');
const { policyFileJsonSchema } = await import(`data:text/javascript;base64,${source}`);
writeFileSync('dist/assets/callgate.schema.json', JSON.stringify(policyFileJsonSchema()));
for (const options of bundles) {
  const build = await context(options);
  await build.rebuild();
  if (watch) await build.watch();
  else await build.dispose();
}
