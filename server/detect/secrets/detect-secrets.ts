import type { Finding } from '../finding.ts';
import { findSecrets } from './find-secrets.ts';
import { SECRET_RULES } from './rules.ts';

/** Credentials in a text as findings; `rule` is the format, by OpenRouter's id. What begins before `from` is not looked for. */
export function detectSecrets(text: string, from = 0): readonly Finding[] {
  return findSecrets(text, SECRET_RULES, from).map(({ rule, start, end }) => ({
    detector: 'secrets',
    type: 'secrets',
    start,
    end,
    rule: rule.id.slice('secret/'.length),
  }));
}
