import { l10n, ProgressLocation, type QuickPickItem, Range, window } from 'vscode';
import type { GuardrailSummary } from '../api.ts';
import { type Asked, askPick } from '../ask.ts';
import type { Callgate } from '../callgate.ts';
import { type Command, showRefusal } from '../commands.ts';
import { outcomeText } from './finding-text.ts';
import { listFindings } from './findings-list.ts';

type Choice = QuickPickItem & { readonly id: string | null };

/** “Callgate: Detect Sensitive Text in Selection”: what a call with this text would meet. The text is neither kept nor logged. */
export function detectCommands(callgate: Callgate): Readonly<Record<string, Command>> {
  /** The guardrail that was asked last; null: the detectors as they are. */
  let last: string | null = null;
  const run = async () => {
    const chosen = await chooseGuardrail(callgate, last);
    if (chosen?.kind !== 'value') return;
    last = chosen.value;
    await detect(callgate, last);
  };
  return { detect: { needs: ['daemon'], run } };
}

async function detect({ api }: Callgate, guardrail: string | null): Promise<void> {
  const editor = window.activeTextEditor;
  if (!editor) {
    await window.showInformationMessage(l10n.t('Open a file as text, and select what is to be looked at.'));
    return;
  }
  const { document, selection } = editor;
  const { version } = document;
  const range = selection.isEmpty ? undefined : new Range(selection.start, selection.end);
  const text = document.getText(range);
  const where = range ? l10n.t('the selection') : l10n.t('the file');
  if (text.trim() === '') {
    await window.showInformationMessage(l10n.t('There is no text in {0}.', where));
    return;
  }
  const answer = await window.withProgress(
    { location: ProgressLocation.Window, title: l10n.t('Callgate: looking at {0}…', where) },
    () => api.detect({ text, ...(guardrail === null ? {} : { guardrail_id: guardrail }) }),
  );
  if (answer.kind === 'refused') return showRefusal(answer);
  if (document.version !== version) {
    await window.showInformationMessage(l10n.t('The text was changed meanwhile: what was found is out of date.'));
    return;
  }
  const { findings } = answer.value;
  const outcome = outcomeText(answer.value);
  if (findings.length === 0) await window.showInformationMessage(`${l10n.t('Looked at {0}.', where)} ${outcome}`);
  else await listFindings(editor, range ? document.offsetAt(range.start) : 0, findings, outcome);
}

/** By which guardrail; without any there is nothing to choose. Undefined when the daemon would not tell. */
async function chooseGuardrail(
  { api, spend }: Callgate,
  last: string | null,
): Promise<Asked<string | null> | undefined> {
  await spend.refresh();
  const items: Choice[] = [
    {
      id: null,
      label: l10n.t('Detectors as they are'),
      description: l10n.t('personal data, secrets and prompt injection'),
    },
  ];
  for (const { id, name } of spend.tree?.workspaces ?? []) {
    const guardrails = await api.guardrails(id);
    if (guardrails.kind === 'refused') {
      await showRefusal(guardrails);
      return undefined;
    }
    items.push(...guardrails.value.map((guardrail) => choiceOf(guardrail, name)));
  }
  if (items.length === 1) return { kind: 'value', value: null };
  const asked = await askPick({
    title: l10n.t('Detect Sensitive Text'),
    placeholder: l10n.t('By which rules?'),
    items,
    active: items.find(({ id }) => id === last),
  });
  return asked.kind === 'value' ? { kind: 'value', value: asked.value.id } : asked;
}

function choiceOf({ id, name, description }: GuardrailSummary, workspace: string): Choice {
  return {
    id,
    label: name,
    description: l10n.t('guardrail of {0}', workspace),
    ...(description ? { detail: description } : {}),
  };
}
