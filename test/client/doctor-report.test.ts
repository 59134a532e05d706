import { describe, expect, it, vi } from 'vitest';
import { reportText } from '../../client/doctor/report-text.ts';
import type { DoctorFinding, DoctorReport } from '../../server/protocol.ts';

vi.mock('vscode', () => import('./vscode.ts'));

const house: DoctorFinding = {
  about: 'house',
  name: 'disk',
  status: 'ok',
  code: 'ok',
  message: '40 GB free',
  remedy: null,
  tried: null,
};
const provider: DoctorFinding = {
  about: 'provider',
  name: 'openai',
  status: 'problem',
  code: 'key_rejected',
  message: 'OpenAI does not know\n# the key',
  remedy: 'Set a working key.',
  tried: {
    base_url: 'https://api.openai.com/v1',
    proxy: 'proxy:3128',
    model: 'openai/gpt-5-nano',
    http_status: 401,
    dns_ms: 2,
    connect_ms: 11,
    proxy_ms: null,
    tls_ms: 30,
    first_byte_ms: 420,
    cost: 0,
    generation_id: null,
  },
};
const report: DoctorReport = { checked_at: '2026-11-22T12:00:00Z', ok: false, cost: 0, findings: [house, provider] };

describe('the doctor’s report', () => {
  it('begins with what is wrong and how to cure it; nobody’s words break its lines', () => {
    const text = reportText(report);
    expect(text.indexOf('## Problems')).toBeLessThan(text.indexOf('## Fine'));
    expect(text).toContain('- **openai**: OpenAI does not know # the key `key_rejected`\n  - → Set a working key.\n');
    expect(text).toContain('https://api.openai.com/v1 · openai/gpt-5-nano · through the proxy proxy:3128');
    expect(text).toContain('- **disk**: 40 GB free\n');
    expect(text).toMatch(/found problems\. Examined at 2026-11-2\d \d\d:\d\d\.$/m);
    expect(text).not.toContain('## Warnings');
    expect(text).not.toContain('cost');
  });

  it('says what it cost when it did', () => {
    expect(reportText({ ...report, cost: 0.000029 })).toContain('The calls cost $0.000029');
  });
});
