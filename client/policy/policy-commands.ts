import { env, l10n, type TextDocument, Uri, window, workspace } from 'vscode';
import type { PolicyApplied, PolicyPlan } from '../../server/protocol.ts';
import { askPick } from '../ask.ts';
import type { Callgate } from '../callgate.ts';
import { type Command, showRefusal } from '../commands.ts';
import type { ShownText } from '../shown-text.ts';
import { planSummary, planText } from './plan-text.ts';

const FILE = 'callgate.yaml';
const MOST_FILES = 50;

/** What callgate.yaml would change, and doing it; of a folder that is trusted alone. */
export function policyCommands(callgate: Callgate, shown: ShownText): Readonly<Record<string, Command>> {
  const onFile = (run: (document: TextDocument) => Promise<unknown>): Command => ({
    needs: ['trust', 'daemon'],
    run: async (uri) => {
      const document = await policyFile(uri);
      if (document) await run(document);
    },
  });
  return {
    planPolicy: onFile((document) => plan(callgate, shown, document)),
    applyPolicy: onFile((document) => apply(callgate, shown, document)),
  };
}

/** Shows the plan of what the editor has of the file, saved or not; null when it was refused. */
async function plan({ api }: Callgate, shown: ShownText, document: TextDocument): Promise<PolicyPlan | null> {
  const planned = await api.planPolicy({ text: document.getText(), file: FILE });
  if (planned.kind === 'refused') {
    await showRefusal(planned);
    return null;
  }
  await shown.show(planText(planned.value.changes, planned.value.notes));
  return planned.value;
}

async function apply(callgate: Callgate, shown: ShownText, document: TextDocument): Promise<void> {
  const { api, spend } = callgate;
  const planned = await plan(callgate, shown, document);
  if (!planned) return;
  if (planned.changes.length === 0) {
    await window.showInformationMessage(l10n.t('Nothing to change: callgate.yaml says what already is.'));
    return;
  }
  const text = document.getText();
  const action = l10n.t('Apply');
  const detail = l10n.t('{0}. All of it is done, or nothing.', planSummary(planned.changes));
  const choice = await window.showWarningMessage(l10n.t('Apply callgate.yaml?'), { modal: true, detail }, action);
  if (choice !== action) return;
  // Refused when it is another plan by now than the one that was shown.
  const applied = await api.applyPolicy({ text, file: FILE, expect: planned.digest });
  if (applied.kind === 'refused') return showRefusal(applied);
  await spend.refresh();
  await showSecrets(applied.value);
  await window.showInformationMessage(l10n.t('Applied callgate.yaml.'));
}

/** In a dialog of its own: they stay in no editor, log or history. */
async function showSecrets({ secrets }: PolicyApplied): Promise<void> {
  if (secrets.length === 0) return;
  const copy = l10n.t('Copy All');
  const lines = secrets.map(({ name, secret }) => `${name}  ${secret}`).join('\n');
  const detail = `${lines}\n\n${l10n.t('They are shown only now: Callgate keeps only their hashes.')}`;
  const title = secrets.length === 1 ? l10n.t('The secret of the new key') : l10n.t('The secrets of the new keys');
  const choice = await window.showInformationMessage(title, { modal: true, detail }, copy);
  if (choice === copy) await env.clipboard.writeText(lines);
}

/** The file that was clicked, the one in front, or the workspace's; asks when there are several, and says when there is none. */
async function policyFile(given: unknown): Promise<TextDocument | null> {
  const front = window.activeTextEditor?.document.uri;
  const uri = [given, front].find((one): one is Uri => one instanceof Uri && one.path.endsWith(`/${FILE}`));
  const found = uri ? [uri] : await workspace.findFiles(`**/${FILE}`, '**/node_modules/**', MOST_FILES);
  const [first, ...others] = found;
  if (!first) {
    await window.showInformationMessage(
      l10n.t('There is no callgate.yaml in this workspace. `callgate export` writes one from what is.'),
    );
    return null;
  }
  if (others.length === 0) return workspace.openTextDocument(first);
  const items = found.map((one) => ({ label: workspace.asRelativePath(one), uri: one }));
  const asked = await askPick({ title: FILE, placeholder: l10n.t('Which file?'), items });
  return asked.kind === 'value' ? workspace.openTextDocument(asked.value.uri) : null;
}
