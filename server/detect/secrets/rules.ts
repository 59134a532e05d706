import type { SecretRule } from './rule.ts';

/** Every credential format Callgate knows. Add a row, and a line to `test/server/detect-secrets.test.ts`. */
export const SECRET_RULES: readonly SecretRule[] = [
  {
    id: 'secret/openrouter-api-key',
    provider: 'openrouter',
    title: 'OpenRouter API key',
    keywords: ['sk-or-v1-'],
    pattern: /sk-or-v1-[0-9a-f]{64}(?![0-9A-Za-z])/y,
    prefixLength: 'sk-or-v1-'.length,
    alphabet: '0123456789abcdef',
    length: 73,
    // 64 random hex digits stay above 3.3 bits; nothing a person types by hand does.
    minimumEntropy: 3,
    severity: 'error',
    environmentVariable: 'OPENROUTER_API_KEY',
    documentation: 'https://openrouter.ai/docs/api-reference/authentication#if-your-key-has-been-exposed',
    revocation: 'https://openrouter.ai/settings/keys',
  },
];
