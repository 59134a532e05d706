import { RE2JS } from 're2js';

/** Why a custom filter's pattern cannot be one, null when it can: it must match in linear time, whatever the text. */
export function faultOfPattern(pattern: string): string | null {
  try {
    RE2JS.compile(pattern);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
