import type { Finding } from '../finding.ts';
import { findSecrets } from './find-secrets.ts';

/** Credentials in a text as findings; `rule` is the format, by OpenRouter's id. */
export function detectSecrets(text: string): readonly Finding[] {
  return findSecrets(text).map(({ rule, start, end }) => ({
    detector: 'secrets',
    type: 'secrets',
    start,
    end,
    rule: rule.id.slice('secret/'.length),
  }));
}
