/** esbuild takes the style sheets that a script imports and writes them beside it. */
declare module '*.css';
