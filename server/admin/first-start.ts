import { formatPresetFile } from '../presets/file.ts';
import type { AdminContext } from './context.ts';
import { createKey } from './keys.ts';
import { publishPreset } from './presets.ts';

/** US dollars a month for the key that a first start prints: enough to try everything, too little to regret. */
const FIRST_KEY_LIMIT = 5;

/** The preset that a new daemon answers with: it needs no account. */
export const HELLO = formatPresetFile({
  name: 'Hello',
  description: 'Says hello through the sandbox. Change its model to call a real one.',
  config: { model: 'callgate/sandbox' },
  systemPrompt: 'You greet the person who calls, kindly and in one sentence.',
});

/** Makes what a store cannot be without: the editor's key, and in a new one `@preset/hello`. */
export async function furnish(admin: AdminContext, editorKeyLimit: number): Promise<void> {
  const { keys, presets, workspaces } = admin.store;
  const isNew = (await keys.list()).length === 0;
  if (!(await keys.ofKind('editor'))) {
    await createKey(admin, { name: 'editor', limit: editorKeyLimit, limit_reset: 'monthly' }, 'editor');
  }
  if (!isNew || (await presets.list((await workspaces.default()).id)).length > 0) return;
  const published = await publishPreset(admin, 'hello', { text: HELLO, message: 'The first preset' });
  if ('code' in published) throw new Error(published.message);
}

/** A key for programs, when there is none yet; its secret, to be shown this once. */
export async function mintFirstKey(admin: AdminContext): Promise<string | null> {
  if ((await admin.store.keys.list()).some((key) => key.kind === 'program')) return null;
  const created = await createKey(admin, { name: 'first key', limit: FIRST_KEY_LIMIT, limit_reset: 'monthly' });
  if ('code' in created) throw new Error(created.message);
  return created.secret;
}
