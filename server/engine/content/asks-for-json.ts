import type { JsonObject } from '../resolve-preset.ts';

/** Whether the request asks for a structured answer. */
export function asksForJson({ response_format: format }: JsonObject): boolean {
  if (typeof format !== 'object' || format === null || !('type' in format)) return false;
  return format.type === 'json_object' || format.type === 'json_schema';
}
