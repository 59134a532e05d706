import { commands, l10n, type QuickPickItem, QuickPickItemKind, Uri, window, workspace } from 'vscode';
import type { RunRequest } from '../../server/protocol.ts';
import { askInTurn, askPick, askText, required } from '../ask.ts';
import type { Callgate } from '../callgate.ts';
import { type Command, showRefusal } from '../commands.ts';
import { presetArgument, presetDocument, presetFiles, presetSlug } from '../presets/active.ts';
import type { CompletionRunner } from './runner.ts';

/** What to run: a published preset by its name, or a file's text as it stands in the editor. */
type Choice =
  | { readonly kind: 'published'; readonly slug: string }
  | { readonly kind: 'draft'; readonly slug: string; readonly uri: Uri };

export function completionCommands(callgate: Callgate, runner: CompletionRunner): Readonly<Record<string, Command>> {
  // Kept while the window is open, and nowhere else: prompts are not ours to store.
  const lastPrompts = new Map<string, string>();
  return {
    runTestCompletion: {
      needs: ['trust', 'daemon'],
      run: async (argument, given) => {
        const uri = presetArgument(argument);
        const slug = uri && presetSlug(uri);
        const asked = await ask(callgate, uri && slug ? { kind: 'draft', slug, uri } : null, lastPrompts, given);
        if (!asked) return undefined;
        return runner.run(await requestOf(asked.choice, asked.prompt), asked.prompt);
      },
    },
    stopCompletion: {
      run: (argument) => runner.stop(argument instanceof Uri ? argument : window.activeTextEditor?.document.uri),
    },
  };
}

type Question = { readonly choice: Choice; readonly prompt: string };

/** `given` is a prompt that a caller (a test, a key binding) brings along. */
async function ask(
  callgate: Callgate,
  known: Choice | null,
  lastPrompts: Map<string, string>,
  given: unknown,
): Promise<Question | null> {
  let choice = known;
  let prompt = typeof given === 'string' ? given : '';
  const steps = known ? 1 : 2;
  const done = await askInTurn([
    ...(known
      ? []
      : [
          async () => {
            const asked = await askChoice(callgate);
            if (asked?.kind === 'value') choice = asked.value;
            return asked ?? ({ kind: 'cancelled' } as const);
          },
        ]),
    ...(prompt !== ''
      ? []
      : [
          async () => {
            const slug = choice?.slug ?? '';
            const asked = await askText({
              title: l10n.t('Run @preset/{0}', choice?.kind === 'draft' ? `${slug}@draft` : slug),
              ...(steps > 1 ? { step: 2, totalSteps: 2 } : {}),
              prompt: l10n.t('The user’s message. The call is charged to the key “editor”.'),
              value: lastPrompts.get(slug) ?? '',
              check: required(l10n.t('The message')),
            });
            if (asked.kind === 'value') prompt = asked.value;
            return asked;
          },
        ]),
  ]);
  if (!done || !choice) return null;
  lastPrompts.set(choice.slug, prompt);
  return { choice, prompt };
}

async function askChoice(callgate: Callgate) {
  const answer = await callgate.api.presets();
  if (answer.kind === 'refused') {
    await showRefusal(answer);
    return null;
  }
  const drafts = (await presetFiles()).map((uri): QuickPickItem & { choice?: Choice } => {
    const slug = presetSlug(uri) ?? '';
    return {
      label: `$(file) ${slug}`,
      description: workspace.asRelativePath(uri),
      choice: { kind: 'draft', slug, uri },
    };
  });
  const published = answer.value
    .filter((preset) => preset.status === 'active' && preset.version !== null)
    .map((preset): QuickPickItem & { choice?: Choice } => ({
      label: `$(versions) ${preset.slug}`,
      description: [l10n.t('version {0}', preset.version ?? 0), preset.model].filter(Boolean).join(' · '),
      ...(preset.description ? { detail: preset.description } : {}),
      choice: { kind: 'published', slug: preset.slug },
    }));
  if (drafts.length + published.length === 0) {
    const create = l10n.t('New Preset…');
    const text = l10n.t('There is no preset to run yet.');
    if ((await window.showInformationMessage(text, create)) === create)
      await commands.executeCommand('callgate.newPreset');
    return null;
  }
  const heading = (label: string): QuickPickItem & { choice?: Choice } => ({
    label,
    kind: QuickPickItemKind.Separator,
  });
  const asked = await askPick({
    title: l10n.t('Run Test Completion'),
    step: 1,
    totalSteps: 2,
    placeholder: l10n.t('Which preset?'),
    items: [
      ...(published.length > 0 ? [heading(l10n.t('Published')), ...published] : []),
      ...(drafts.length > 0 ? [heading(l10n.t('Drafts in this workspace')), ...drafts] : []),
    ],
  });
  if (asked.kind !== 'value') return asked;
  return asked.value.choice ? { kind: 'value' as const, value: asked.value.choice } : null;
}

async function requestOf(choice: Choice, prompt: string): Promise<RunRequest> {
  const messages = [{ role: 'user', content: prompt }];
  if (choice.kind === 'published') return { preset: choice.slug, messages };
  const document = await presetDocument(choice.uri);
  return { preset: `${choice.slug}@draft`, text: document.getText(), messages };
}
