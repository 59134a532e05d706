import type { ExitCode } from '../cli/exit-codes.ts';

/**
 * Something on this machine stops Callgate from going on: an unsafe state folder, a Node too old, a damaged file.
 * Thrown as I/O errors are; `message` says what, `remedy` what to do, `exitCode` what the process ends with.
 */
export class StartError extends Error {
  readonly remedy: string;
  readonly exitCode: ExitCode;

  constructor(message: string, remedy: string, exitCode: ExitCode) {
    super(message);
    this.name = 'StartError';
    this.remedy = remedy;
    this.exitCode = exitCode;
  }
}
