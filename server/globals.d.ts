/** The package's version, put in by esbuild.mjs (and by the test runner's config). */
declare const CALLGATE_VERSION: string;
