import type { Uri } from 'vscode';
import type { Callgate } from '../callgate.ts';
import type { Command } from '../commands.ts';
import { presetArgument } from './active.ts';
import { openAsForm, openAsText } from './editor.ts';

export function presetCommands(callgate: Callgate): Readonly<Record<string, Command>> {
  const onPreset = (open: (uri: Uri) => Promise<void>): Command => ({
    run: async (argument) => {
      const uri = presetArgument(argument);
      if (uri) await open(uri);
    },
  });
  return {
    newPreset: { run: async () => (await import('./new-preset.ts')).newPreset() },
    publishPreset: {
      needs: ['trust', 'daemon'],
      run: async (argument) => (await import('./publish.ts')).publishPreset(callgate, argument),
    },
    openPresetAsText: onPreset((uri) => openAsText(uri)),
    openPresetEditor: onPreset(openAsForm),
  };
}
