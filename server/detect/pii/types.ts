import { NATIONAL_IDS } from './national-ids.ts';

/** Looked for by shape and check digits. */
export const CORE_TYPES = ['email', 'phone', 'ssn', 'credit-card', 'ip-address', 'iban'] as const;
/** Looked for by rules alone, which miss much and take much else: off unless asked for. */
export const GUESSED_TYPES = ['person-name', 'address'] as const;

/** Every slug of personal data that a guardrail may name. */
export const PII_TYPES: readonly string[] = [...CORE_TYPES, ...GUESSED_TYPES, ...NATIONAL_IDS.map(({ slug }) => slug)];
