/** What some vendors say of the daemon's own account under a status that others keep for the request, or for a moment's haste. */
const ACCOUNT: readonly {
  readonly under: readonly number[];
  readonly says: RegExp;
  readonly means: 401 | 402 | 403;
}[] = [
  // Anthropic. https://github.com/anthropics/claude-code/issues/91322
  { under: [400], says: /credit balance is too low/i, means: 402 },
  // OpenAI, and those that copy it; a rate limit has another code. https://developers.openai.com/api/docs/guides/error-codes
  { under: [403, 429], says: /"insufficient_quota"/, means: 402 },
  // xAI.
  { under: [403, 429], says: /used all available credits/i, means: 402 },
  // Google. https://ai.google.dev/gemini-api/docs/troubleshooting
  { under: [400], says: /API_KEY_INVALID|API key not valid|API key expired/, means: 401 },
  { under: [403], says: /BILLING_DISABLED/, means: 402 },
  { under: [429], says: /prepay(?:ment)? credits? (?:are|is) depleted/i, means: 402 },
  { under: [400], says: /User location is not supported/, means: 403 },
];

/**
 * The status that a provider's refusal stands for: 401, 402 or 403 where its words are about the daemon's key, its credit or its place, so that
 * another endpoint is asked and the right thing is told; else the one it sent. `raw` is its body.
 */
export function accountStatus(status: number, raw: string): number {
  return ACCOUNT.find(({ under, says }) => under.includes(status) && says.test(raw))?.means ?? status;
}
