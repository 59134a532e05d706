import { execFile } from 'node:child_process';

export type ToolAnswer = {
  /** Null: there is no such tool, or it did not end in time. */
  readonly code: number | null;
  readonly stdout: string;
  /** What it said went wrong, in one line. */
  readonly message: string;
};

/** Runs a tool of the platform to its end. */
export type RunTool = (command: string, args: readonly string[]) => Promise<ToolAnswer>;

/** Longer than a drain, which some of them wait for. */
const PATIENCE_MS = 60_000;

export const runTool: RunTool = (command, args) =>
  new Promise((resolve) => {
    execFile(command, [...args], { timeout: PATIENCE_MS, windowsHide: true }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      const said = (stderr.trim() || stdout.trim() || error?.message || '').split('\n')[0] ?? '';
      resolve({ code, stdout, message: said });
    });
  });
