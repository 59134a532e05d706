import { PII_TYPES } from '../detect/pii/types.ts';

/** The two injection detectors: rules alone, and rules with a small model. */
export const INJECTION_FILTERS: readonly string[] = ['regex-prompt-injection', 'prompt-injection'];

/** Every slug that a guardrail may name among its built-in filters. */
export const BUILTIN_FILTERS: readonly string[] = [...PII_TYPES, 'secrets', ...INJECTION_FILTERS];

export const isInjectionFilter = (slug: string): boolean => INJECTION_FILTERS.includes(slug);

const LABELS: Readonly<Record<string, string>> = {
  email: 'Email address',
  phone: 'Phone number',
  ssn: 'Social Security number',
  'credit-card': 'Credit card number',
  'ip-address': 'IP address',
  iban: 'IBAN',
  'person-name': 'Person name',
  address: 'Address',
  secrets: 'Secret',
  'regex-prompt-injection': 'Prompt injection',
  'prompt-injection': 'Prompt injection',
};

/** What a filter is called where people read of it, as in OpenRouter's `Request blocked by content filter: Email address`. */
export function labelOfFilter(slug: string): string {
  return LABELS[slug] ?? slug;
}
