/**
 * Keeps Node from telling the person that `node:sqlite` is experimental (it does so on 22 and 24): it is our choice, not their concern.
 * Every other warning passes.
 */
export function quietSqliteWarning(): void {
  const emit = process.emitWarning.bind(process) as (warning: string | Error, ...rest: unknown[]) => void;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    const text = typeof warning === 'string' ? warning : warning.message;
    if (!/^SQLite is an experimental feature/.test(text)) emit(warning, ...rest);
  };
}
