import { checkPattern } from '../detect/custom-regex.ts';

/** Why a custom filter's pattern cannot be one, null when it can: it must match in linear time, whatever the text. */
export function faultOfPattern(pattern: string): string | null {
  return checkPattern(pattern);
}
