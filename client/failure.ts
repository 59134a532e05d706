/** Why something could not be done, for a person: what happened, what to do about it, and detail for the log. */
export type Failure = {
  readonly message: string;
  readonly remedy: string | null;
  readonly detail: string | null;
};

/** One sentence or two, ending in a full stop. */
export function describeFailure(failure: Failure): string {
  return [failure.message, failure.remedy]
    .filter((part) => part !== null)
    .filter((part) => part !== '')
    .map(asSentence)
    .join(' ');
}

/** The daemon cannot be asked now; thrown where a call was promised, shown by the command that made it. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

function asSentence(text: string): string {
  return /[.!?…:]$/.test(text) ? text : `${text}.`;
}
