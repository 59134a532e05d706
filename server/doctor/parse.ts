export type JsonRecord = Readonly<Record<string, unknown>>;

/** The JSON object in a text; null when it holds none. */
export function parseRecord(text: string): JsonRecord | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonRecord) : null;
  } catch {
    return null;
  }
}
