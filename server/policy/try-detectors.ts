import type { Finding } from '../detect/finding.ts';
import { BLOCK_SCORE, detectInjection } from '../detect/injection/detect-injection.ts';
import { detectPii } from '../detect/pii/detect-pii.ts';
import { CORE_TYPES, PII_TYPES } from '../detect/pii/types.ts';
import { detectSecrets } from '../detect/secrets/detect-secrets.ts';
import type { ContentAction } from './effective-policy.ts';

/** What was found in a text, and the strictest of what is to be done about it. */
export type Tried = { readonly findings: readonly Finding[]; readonly action: ContentAction | 'allow' };

export type TryOptions = {
  /** `pii`, `secrets`, `injection`, or types of personal data by their slugs; absent: the first three. */
  readonly only?: readonly string[];
  /** Absent: a user's. What a system says is not looked at for injection. */
  readonly role?: string;
  /** Of the injection model; absent: its own. */
  readonly threshold?: number;
};

/** What `only` may name. */
export const DETECTORS: readonly string[] = ['pii', 'secrets', 'injection', ...PII_TYPES];

/**
 * Every built-in detector on one text, without a guardrail: personal data (the six core types unless others are named) and secrets would be
 * redacted, injections flagged, and blocked where the model or a rule is sure. Pure but for the injection model's file.
 */
export function tryDetectors(text: string, options: TryOptions = {}): Tried {
  const { only = ['pii', 'secrets', 'injection'], role, threshold } = options;
  const types = only.flatMap((name) => (name === 'pii' ? CORE_TYPES : PII_TYPES.includes(name) ? [name] : []));
  const findings: Finding[] = [];
  if (only.includes('secrets')) findings.push(...detectSecrets(text));
  if (types.length > 0) findings.push(...detectPii(text, new Set(types)));
  if (only.includes('injection') && !isOperator(role)) {
    findings.push(...detectInjection(text, { model: true, threshold: threshold ?? null }));
  }
  findings.sort((a, b) => a.start - b.start);
  return { findings, action: strictest(findings.map(actionOf)) };
}

/** Whose words are the program's own: they are instructions, and no injection. */
export function isOperator(role: string | undefined): boolean {
  return role === 'system' || role === 'developer';
}

function actionOf({ detector, score = 0 }: Finding): ContentAction {
  if (detector !== 'injection') return 'redact';
  return score >= BLOCK_SCORE ? 'block' : 'flag';
}

/** Block over redact over flag; without any, the text passes. */
export function strictest(actions: readonly ContentAction[]): ContentAction | 'allow' {
  return (['block', 'redact', 'flag'] as const).find((action) => actions.includes(action)) ?? 'allow';
}
