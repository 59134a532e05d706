import { describe, expect, it, vi } from 'vitest';
import { actionOf, findingText, outcomeText } from '../../client/detect/finding-text.ts';
import type { DetectAnswer } from '../../server/protocol.ts';

vi.mock('vscode', () => import('./vscode.ts'));

type Finding = DetectAnswer['findings'][number];
const email: Finding = { detector: 'pii', type: 'email', start: 3, end: 9 };
const injection = (score: number): Finding => ({
  detector: 'injection',
  type: 'prompt-injection',
  start: 0,
  end: 3,
  score,
});

describe('what was found in a text', () => {
  it('says how much, what would become of the call, and how long it took', () => {
    expect(outcomeText({ findings: [email, email], action: 'redact', milliseconds: 0.1234 })).toBe(
      '2 findings · the call would be redacted · 0.12 ms',
    );
    expect(outcomeText({ findings: [email], action: 'block', milliseconds: 12.6 })).toBe(
      '1 finding · the call would be refused · 13 ms',
    );
    expect(outcomeText({ findings: [], action: 'allow', milliseconds: 0.001 })).toBe('Nothing was found (0 ms).');
  });

  it('has the action of the guardrail, else that of the detector', () => {
    expect(actionOf({ ...email, action: 'flag' })).toBe('flag');
    expect(actionOf({ ...injection(0.99), action: 'redact' })).toBe('redact');
    expect([actionOf(email), actionOf(injection(0.89)), actionOf(injection(0.9))]).toEqual(['redact', 'flag', 'block']);
  });

  it('tells the rule and the score, as far as there are any', () => {
    expect(findingText(email)).toBe('redact · pii');
    expect(findingText({ ...injection(0.5), rule: 'role_play' })).toBe(
      'flag · injection · rule role_play · score 0.50',
    );
  });
});
