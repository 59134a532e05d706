/** What the exit codes of `callgate` mean. */
export const EXIT = {
  ok: 0,
  /** Refused by the daemon, or it failed. */
  failed: 1,
  /** Wrong arguments, an invalid config.yaml or preset file, an unsafe state folder. */
  usage: 2,
  /** This machine stands in the way: Node too old, the port taken. */
  environment: 3,
  /** No daemon is running (`status`), or it cannot be reached or started. */
  unreachable: 4,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The same for people; stands at the end of every `--help`. */
export const EXIT_CODES_HELP = `
Exit codes:
  0    done
  1    refused by the daemon, or failed
  2    wrong arguments, an invalid config.yaml or preset file, an unsafe state folder
  3    this machine stands in the way: Node too old, port taken
  4    no daemon is running (status), or it cannot be reached or started
  130  interrupted`;
