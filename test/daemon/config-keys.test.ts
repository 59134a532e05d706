import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../server/daemon/config.ts';

const provider = (lines: string) => `providers:\n  x:\n    base_url: https://x.example/v1\n${lines}`;

describe('several keys of a provider', () => {
  it('are read with what each is for', () => {
    const config = parseConfig(
      provider(
        '    keys:\n      - { key: env:A }\n      - { key: "stored:spare", name: spare, is_fallback: true, allowed_models: [x/y] }\n    data_policy: { zdr: true }\n',
      ),
    );
    expect(config).toMatchObject({
      kind: 'ok',
      config: {
        providers: {
          x: {
            keys: [
              { key: 'env:A', is_fallback: false, is_required: false, disabled: false },
              { key: 'stored:spare', name: 'spare', is_fallback: true, allowed_models: ['x/y'] },
            ],
            data_policy: { zdr: true, no_training: false },
          },
        },
      },
    });
  });

  it.each([
    ['    key: env:A\n    keys: [{ key: env:B }]\n', /stands beside "key"/],
    ['    keys: []\n', /must list a key/],
    ['    keys: [{ key: sk-live-0123 }]\n', /must be env:NAME, stored or stored:name/],
    ['    keys: [{ key: env:A }, { key: env:A, name: b }]\n', /names a key twice/],
    ['    keys: [{ key: env:A, name: b }, { key: env:B, name: b }]\n', /gives two keys one name/],
    ['    keys: [{ key: env:A, is_fallback: true, is_required: true }]\n', /both is_fallback and is_required/],
    ['    keys: [{ key: env:A, is_falback: true }]\n', /unknown key "is_falback".*is_fallback/],
    ['    keys: [{ key: env:A, allowed_api_key_hashes: [abc] }]\n', /must be the hash of an API key/],
    ['    data_policy: { zrd: true }\n', /unknown key "zrd".*zdr/],
  ])('that make no sense are told: %j', (lines, told) => {
    const config = parseConfig(provider(lines));
    expect(config.kind).toBe('invalid');
    const problems = config.kind === 'invalid' ? config.problems.join('\n') : '';
    expect(problems).toMatch(told);
    expect(problems).not.toContain('sk-live-0123');
  });
});
