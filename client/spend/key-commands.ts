import { env, l10n, type QuickPickItem, window } from 'vscode';
import type { SpendKey } from '../../server/protocol.ts';
import type { Answer, KeyReset, KeyWithSecret } from '../api.ts';
import { askInTurn, askPick, askText, required } from '../ask.ts';
import type { Callgate } from '../callgate.ts';
import { type Command, showRefusal } from '../commands.ts';
import type { ServiceOffer } from '../service.ts';
import { limitText, stateText } from './key-text.ts';
import { askLimit, askReset } from './limit-questions.ts';
import type { SpendRow } from './rows.ts';

/** Everything one does to API keys from the editor. */
export function keyCommands(
  callgate: Callgate,
  service: Pick<ServiceOffer, 'offer'>,
): Readonly<Record<string, Command>> {
  const onKey = (
    run: (callgate: Callgate, key: SpendKey) => Promise<void>,
    among?: (key: SpendKey) => boolean,
  ): Command => ({
    needs: ['daemon'],
    run: async (row) => {
      const key = await chosenKey(callgate, row, among ?? (() => true));
      if (key) await run(callgate, key);
    },
  });
  return {
    createKey: {
      needs: ['daemon'],
      run: async (row) => {
        // Not waited for: the answer may come much later, or never.
        if (await createKey(callgate, row)) void service.offer().catch((error) => callgate.log.warn(String(error)));
      },
    },
    editKeyLimit: onKey(editLimit),
    rotateKey: onKey(rotate),
    disableKey: onKey(
      (_, key) => setDisabled(callgate, key, true),
      (key) => key.state !== 'disabled',
    ),
    enableKey: onKey(
      (_, key) => setDisabled(callgate, key, false),
      (key) => key.state === 'disabled',
    ),
    releaseKey: onKey(release, (key) => Boolean(key.suspended)),
    deleteKey: onKey(remove),
  };
}

/** Whether one was made. */
async function createKey(callgate: Callgate, row: unknown): Promise<boolean> {
  const title = l10n.t('Create API Key');
  let name = '';
  let limit: number | null | undefined;
  let reset: KeyReset | null = 'monthly';
  const done = await askInTurn([
    async () => {
      const asked = await askText({
        title,
        step: 1,
        totalSteps: 3,
        prompt: l10n.t('Which program or agent is the key for? One key each keeps spend and damage apart.'),
        placeholder: l10n.t('invoice-triage'),
        value: name,
        check: required(l10n.t('The name')),
      });
      if (asked.kind === 'value') name = asked.value;
      return asked;
    },
    async () => {
      const asked = await askLimit({ title, step: 2, totalSteps: 3 }, limit);
      if (asked.kind === 'value') limit = asked.value;
      return asked;
    },
    async () => {
      if (limit === null) return { kind: 'value', value: null };
      const asked = await askReset({ title, step: 3, totalSteps: 3 }, reset);
      if (asked.kind === 'value') reset = asked.value;
      return asked;
    },
  ]);
  if (!done) return false;
  const workspace = isRow(row) && row.kind === 'workspace' ? { workspace_id: row.workspace.id } : {};
  const cap = limit ?? null;
  const made = await callgate.api.createKey({
    name,
    limit: cap,
    limit_reset: cap === null ? null : reset,
    ...workspace,
  });
  await showSecret(callgate, made);
  return made.kind === 'ok';
}

async function editLimit(callgate: Callgate, key: SpendKey): Promise<void> {
  const title = l10n.t('Limit of “{0}”', key.name);
  let limit = key.limit;
  let reset = key.limit_reset;
  const done = await askInTurn([
    async () => {
      const asked = await askLimit({ title, step: 1, totalSteps: 2 }, limit);
      if (asked.kind === 'value') limit = asked.value;
      return asked;
    },
    async () => {
      if (limit === null) return { kind: 'value', value: null };
      const asked = await askReset({ title, step: 2, totalSteps: 2 }, reset);
      if (asked.kind === 'value') reset = asked.value;
      return asked;
    },
  ]);
  if (!done) return;
  await settled(
    callgate,
    await callgate.api.updateKey(key.hash, { limit, limit_reset: limit === null ? null : reset }),
  );
}

async function rotate(callgate: Callgate, key: SpendKey): Promise<void> {
  const action = l10n.t('Rotate');
  const detail = l10n.t('Programs that use the old secret are refused from now on. Name, limit and spend stay.');
  const choice = await window.showWarningMessage(
    l10n.t('Give “{0}” a new secret?', key.name),
    { modal: true, detail },
    action,
  );
  if (choice === action) await showSecret(callgate, await callgate.api.rotateKey(key.hash));
}

async function setDisabled(callgate: Callgate, key: SpendKey, disabled: boolean): Promise<void> {
  // What stopped it was not a person: enabling it lets it call again all the same.
  if (!disabled && key.suspended) await release(callgate, key);
  await settled(callgate, await callgate.api.updateKey(key.hash, { disabled }));
}

/** What ran away calls again; if it goes on as before, it is suspended again. */
async function release(callgate: Callgate, key: SpendKey): Promise<void> {
  await settled(callgate, await callgate.api.releaseKey(key.hash));
}

async function remove(callgate: Callgate, key: SpendKey): Promise<void> {
  const action = l10n.t('Delete');
  const detail = l10n.t(
    'Programs that use it are refused from now on. What it spent stays in the ledger. This cannot be undone.',
  );
  const choice = await window.showWarningMessage(
    l10n.t('Delete the key “{0}”?', key.name),
    { modal: true, detail },
    action,
  );
  if (choice === action) await settled(callgate, await callgate.api.deleteKey(key.hash));
}

/** The secret is shown once, in a dialog of its own: it stays in no editor, log or history. */
async function showSecret(callgate: Callgate, answer: Answer<KeyWithSecret>): Promise<void> {
  if (!(await settled(callgate, answer)) || answer.kind !== 'ok') return;
  const { key: secret, data } = answer.value;
  const copy = l10n.t('Copy Secret');
  const copyVariables = l10n.t('Copy as Variables');
  const baseUrl = await callgate.api.baseUrl();
  const detail = `${secret}\n\n${l10n.t('It is shown only now: Callgate keeps only its hash. “Copy as Variables” copies CALLGATE_API_KEY and CALLGATE_BASE_URL.')}`;
  const choice = await window.showInformationMessage(
    l10n.t('The secret of “{0}”', data.name),
    { modal: true, detail },
    copy,
    copyVariables,
  );
  if (choice === copy) await env.clipboard.writeText(secret);
  if (choice === copyVariables)
    await env.clipboard.writeText(`CALLGATE_API_KEY=${secret}\nCALLGATE_BASE_URL=${baseUrl}\n`);
}

/** Shows a refusal, or refreshes the tree. True when it was not refused. */
async function settled(callgate: Callgate, answer: Answer<unknown>): Promise<boolean> {
  if (answer.kind === 'refused') {
    await showRefusal(answer);
    return false;
  }
  await callgate.spend.refresh();
  return true;
}

async function chosenKey(
  callgate: Callgate,
  row: unknown,
  among: (key: SpendKey) => boolean,
): Promise<SpendKey | null> {
  if (isRow(row) && row.kind === 'key') return row.key;
  await callgate.spend.refresh();
  const items = callgate.spend.keys.filter(among).map((key): QuickPickItem & { key: SpendKey } => ({
    label: key.name,
    description: `${limitText(key)} · ${stateText(key)}`,
    detail: key.label,
    key,
  }));
  if (items.length === 0) {
    await window.showInformationMessage(l10n.t('There is no API key that this applies to.'));
    return null;
  }
  const asked = await askPick({ title: l10n.t('API Key'), placeholder: l10n.t('Which key?'), items });
  return asked.kind === 'value' ? asked.value.key : null;
}

function isRow(row: unknown): row is SpendRow {
  return typeof row === 'object' && row !== null && 'kind' in row && 'id' in row;
}
