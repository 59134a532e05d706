/** OpenRouter's id of a Claude model by Anthropic's name for it: `claude-opus-4-5` is `anthropic/claude-opus-4.5`. */
export function claudeIdOf(native: string): string {
  const name = native
    .replace(/-latest$/, '')
    .replace(/-(\d)-(\d{1,2})(?=$|-)/, '-$1.$2')
    .replace(/\.0(?=$|-)/, '');
  return `anthropic/${name}`;
}

/** Anthropic's name by OpenRouter's, for models that nobody lists yet. */
export const claudeNativeOf = (name: string): string => name.replaceAll('.', '-');
