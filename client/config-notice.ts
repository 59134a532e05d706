import { l10n, Position, Range, Uri, window } from 'vscode';
import type { ConfigStanding } from '../server/protocol.ts';

/** Tells once of each way in which config.yaml cannot be used, and leads to the place. */
export class ConfigNotice {
  #told = '';

  /** What holds meanwhile is said, for the person may take the new settings to be in force. */
  async show({ path, problems, restart }: ConfigStanding): Promise<void> {
    const [first] = problems;
    const what = JSON.stringify([problems, restart]);
    if (what === this.#told) return;
    this.#told = what;
    if (first === undefined && restart.length === 0) return;
    const open = l10n.t('Open config.yaml');
    const choice =
      first === undefined
        ? await window.showInformationMessage(
            l10n.t('Callgate: {0} takes effect when the daemon is started anew.', restart.join(', ')),
            open,
          )
        : await window.showErrorMessage(problemText(first, problems.length), open);
    if (choice !== open) return;
    const at = placeOf(first ?? '');
    await window.showTextDocument(Uri.file(path), { selection: new Range(at, at) });
  }
}

function problemText(first: string, count: number): string {
  const more = count > 1 ? ` ${l10n.t('({0} more)', count - 1)}` : '';
  // The button leads to the column; a problem without a line names the whole path.
  const what = first.replace(/^config\.yaml:(\d+):\d+: /, (_, line: string) => `${l10n.t('Line {0}', line)}: `);
  return `${l10n.t('Callgate’s config.yaml is not valid, so the settings read before still hold.')} ${what}${more}`;
}

/** `config.yaml:3:9: …` counts from one. */
export function placeOf(problem: string): Position {
  const match = /:(\d+):(\d+): /.exec(problem);
  return new Position(Math.max(0, Number(match?.[1] ?? 1) - 1), Math.max(0, Number(match?.[2] ?? 1) - 1));
}
