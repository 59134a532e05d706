import { EXIT, type ExitCode } from './exit-codes.ts';

/** Ends a command: `message` and `remedy` go to stderr, `exitCode` to the shell. */
export class CommandFailure extends Error {
  readonly exitCode: ExitCode;
  readonly remedy: string | null;

  constructor(message: string, remedy: string | null = null, exitCode: ExitCode = EXIT.failed) {
    super(message);
    this.name = 'CommandFailure';
    this.exitCode = exitCode;
    this.remedy = remedy;
  }
}
