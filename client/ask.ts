import { l10n, QuickInputButtons, type QuickPickItem, window } from 'vscode';

/** What came of asking: a value, a step back, or nothing at all. */
export type Asked<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'back' }
  | { readonly kind: 'cancelled' };

type Question = {
  readonly title: string;
  /** Which of how many; the first has no way back. */
  readonly step?: number;
  readonly totalSteps?: number;
};

/** Asks for one line. `check` gives what is wrong with it, or null. */
export function askText(
  question: Question & {
    readonly prompt: string;
    readonly placeholder?: string;
    readonly value?: string;
    readonly check: (text: string) => string | null;
  },
): Promise<Asked<string>> {
  const input = window.createInputBox();
  prepare(input, question);
  input.prompt = question.prompt;
  input.placeholder = question.placeholder;
  input.value = question.value ?? '';
  return settle(input, (done) => {
    // Nothing is wrong with what one has not typed yet; an empty box is judged on Enter.
    input.onDidChangeValue((text) => {
      input.validationMessage = question.check(text) ?? undefined;
    });
    input.onDidAccept(() => {
      const wrong = question.check(input.value);
      input.validationMessage = wrong ?? undefined;
      if (wrong === null) done({ kind: 'value', value: input.value.trim() });
    });
  });
}

/** Asks for one of `items`; the `active` one is under the cursor. */
export function askPick<T extends QuickPickItem>(
  question: Question & { readonly placeholder: string; readonly items: readonly T[]; readonly active?: T | undefined },
): Promise<Asked<T>> {
  const input = window.createQuickPick<T>();
  prepare(input, question);
  input.placeholder = question.placeholder;
  input.matchOnDescription = true;
  input.matchOnDetail = true;
  input.items = question.items;
  if (question.active) input.activeItems = [question.active];
  return settle(input, (done) => {
    input.onDidAccept(() => {
      const [picked] = input.selectedItems;
      if (picked) done({ kind: 'value', value: picked });
    });
  });
}

/** Asks one question after another; "back" asks the one before again. Undefined when the person gives up. */
export async function askInTurn(questions: readonly (() => Promise<Asked<unknown>>)[]): Promise<true | undefined> {
  let index = 0;
  let step = 1;
  while (index < questions.length) {
    const question = questions[index];
    const asked = question ? await question() : undefined;
    if (!asked || asked.kind === 'cancelled') return undefined;
    step = asked.kind === 'back' ? -1 : 1;
    index = Math.max(0, index + step);
  }
  return true;
}

type Input = ReturnType<typeof window.createInputBox> | ReturnType<typeof window.createQuickPick>;

function prepare(input: Input, question: Question): void {
  input.title = question.title;
  input.step = question.step;
  input.totalSteps = question.totalSteps;
  input.ignoreFocusOut = true;
  if (question.step !== undefined && question.step > 1) input.buttons = [QuickInputButtons.Back];
}

function settle<T>(input: Input, listen: (done: (asked: Asked<T>) => void) => void): Promise<Asked<T>> {
  return new Promise((resolve) => {
    const done = (asked: Asked<T>) => {
      resolve(asked);
      input.dispose();
    };
    listen(done);
    input.onDidTriggerButton((button) => {
      if (button === QuickInputButtons.Back) done({ kind: 'back' });
    });
    // Hiding comes after every other end too; by then the promise is settled.
    input.onDidHide(() => done({ kind: 'cancelled' }));
    input.show();
  });
}

/** For `check`: something must be there. */
export function required(what: string): (text: string) => string | null {
  return (text) => (text.trim() === '' ? l10n.t('{0} is missing.', what) : null);
}
