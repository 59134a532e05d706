import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CustomPattern, checkPattern } from '../../server/detect/custom-regex.ts';
import { detectPii } from '../../server/detect/pii/detect-pii.ts';
import { CORE_TYPES, PII_TYPES } from '../../server/detect/pii/types.ts';
import { detectSecrets } from '../../server/detect/secrets/detect-secrets.ts';
import { ContentFilters } from '../../server/policy/content-filters.ts';

const found = (text: string, types: readonly string[] = CORE_TYPES) =>
  detectPii(text, types).map(({ type, start, end }) => [type, text.slice(start, end)]);

describe('personal data', () => {
  it.each([
    ['mail jane.doe+x@mail.example.co.uk.', 'email', 'jane.doe+x@mail.example.co.uk'],
    ['<jürgen@müller.de>', 'email', 'jürgen@müller.de'],
    ['a@xn--d1acufc.xn--p1ai', 'email', 'a@xn--d1acufc.xn--p1ai'],
    ['call (415) 555-0132 now', 'phone', '(415) 555-0132'],
    ['+49 30 1234567', 'phone', '+49 30 1234567'],
    ['001-432-815-4117x12', 'phone', '001-432-815-4117x12'],
    ['Tel: 0431 35 06 90', 'phone', '0431 35 06 90'],
    ['01.73.61.52.04', 'phone', '01.73.61.52.04'],
    ['44 56 78 90 office', 'phone', '44 56 78 90'],
    ['219-09-9999', 'ssn', '219-09-9999'],
    ['my SSN is 219099999', 'ssn', '219099999'],
    ['078-051121', 'ssn', '078-051121'],
    ['ssn 07805-1121', 'ssn', '07805-1121'],
    ['localhost 127.0.0.1', 'ip-address', '127.0.0.1'],
    ['Default 0.0.0.0', 'ip-address', '0.0.0.0'],
    ['0.0.0.0/0', 'ip-address', '0.0.0.0'],
    ['192.168.1.1.1', 'ip-address', '192.168.1.1'],
    ['src=:: to', 'ip-address', '::'],
    ['::/0', 'ip-address', '::'],
    ['Loopback ::1', 'ip-address', '::1'],
    ['4111-1111-1111-1111', 'credit-card', '4111-1111-1111-1111'],
    ['378282246310005', 'credit-card', '378282246310005'],
    ['from 10.20.30.40:80', 'ip-address', '10.20.30.40'],
    ['[2001:db8::8a2e:370:7334]', 'ip-address', '2001:db8::8a2e:370:7334'],
    ['::ffff:192.0.2.1', 'ip-address', '::ffff:192.0.2.1'],
    ['gb33 bukb 2020 1555 5555 55', 'iban', 'gb33 bukb 2020 1555 5555 55'],
  ])('is found in %s', (text, type, value) => {
    expect(found(text)).toEqual([[type, value]]);
  });

  it.each([
    'git@github.com:org/repo.git',
    'https://user:secret@host.example.com/x',
    'lodash@4.17.21 and react@next',
    'john@localhost',
    '4111 1111 1111 1112',
    '1714560000000',
    '000-12-3456 and 666-12-3456',
    'DE89 3704 0044 0532 0130 01',
    '2024-05-01 and 01.05.2024 and 12/31/1999',
    '127.0.0.1 or 0.0.0.0',
    'http://127.0.0.1:8787/api/v1 and listen("0.0.0.0")',
    '1.3.6.1.4.1.311 and 10.2.3.4.5',
    'zip 07805-1121, order 123-456789, part no. 123-456789',
    'map :: (a -> b) -> [a] -> [b]',
    'std::vector and a :: b and x[::2]',
    'version 1.2.3.4, v10.20.30.40',
    'std::vector<a::b> x[1::2]',
    'aa:bb:cc:dd:ee:ff at 12:34:56',
    'pi is 3.14159265358979, e is 2.718281828',
    '550e8400-e29b-41d4-a716-446655440000',
    'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    '(1953-1964) and $1,234,567.89 and 100 000 000',
  ])('is not found in %s', (text) => {
    expect(found(text)).toEqual([]);
  });

  it.each([
    ['uk-nhs', '943 476 5919', '943 476 5918'],
    ['in-aadhaar', '3123 4567 8909', '3123 4567 8908'],
    ['es-nif', '12345678Z', '12345678A'],
    ['es-nie', 'X1234567L', 'X1234567M'],
    ['ca-sin', '130 692 544', '130 692 545'],
    ['au-abn', '51 824 753 556', '51 824 753 557'],
    ['br-cpf', '111.444.777-35', '111.444.777-36'],
    ['it-fiscal-code', 'RSSMRA85T10A562S', 'RSSMRA85T10A562T'],
    ['fi-hetu', '131052-308T', '131052-308U'],
    ['se-personnummer', '811218-9876', '811218-9875'],
    ['sg-nric', 'S1234567D', 'S1234567E'],
    ['fr-nir', '1 85 05 78 006 084 91', '1 85 05 78 006 084 92'],
    ['cn-id', '11010519491231002X', '110105194912310021'],
    ['za-id', '800101 5009 087', '800101 5009 086'],
    ['kr-rrn', '900101-1234568', '900101-1234567'],
  ])('of a nation (%s) is found by its check digit, and only when asked for', (slug, valid, invalid) => {
    expect(found(`id ${valid}.`, [slug])).toEqual([[slug, valid]]);
    expect(found(`id ${invalid}.`, [slug])).toEqual([]);
    expect(found(`id ${valid}.`).filter(([type]) => type === slug)).toEqual([]);
  });

  it('that many other numbers look like needs its name', () => {
    expect(found('44051401458', ['pl-pesel'])).toEqual([]);
    expect(found('PESEL: 44051401458', ['pl-pesel'])).toEqual([['pl-pesel', '44051401458']]);
  });

  it('never overlaps, stands within the text, and is found whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        let end = 0;
        for (const finding of detectPii(text, PII_TYPES)) {
          expect(finding.start).toBeGreaterThanOrEqual(end);
          expect(finding.end).toBeGreaterThan(finding.start);
          end = finding.end;
        }
        expect(end).toBeLessThanOrEqual(text.length);
      }),
    );
  });
});

/** What detectors do in the time that the same work on a quarter of the text takes; linear: about four. */
function growth(work: (text: string) => unknown, unit: string): number {
  const time = (length: number) => {
    const text = unit.repeat(Math.ceil(length / unit.length));
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 3; run += 1) {
      const began = process.cpuUsage();
      work(text);
      const { user, system } = process.cpuUsage(began);
      best = Math.min(best, user + system);
    }
    return Math.max(best, 2_000);
  };
  time(50_000);
  return time(1_000_000) / time(250_000);
}

describe('hostile texts of a megabyte', () => {
  const filters = new ContentFilters({
    builtins: [...PII_TYPES, 'secrets'].map((slug) => ({
      value: { slug, action: 'redact', directions: ['input'], scanScope: 'all_messages', threshold: null },
      sources: [],
    })),
    custom: ['(a|aa)+b', '\\w+@\\w+\\.x', '(?:x?){50}x{50}'].map((pattern) => ({
      value: { pattern, action: 'redact', directions: ['input'], label: null },
      sources: [],
    })),
    reversible: false,
    markToolResults: false,
    injectionAllowList: [],
  });
  it.each([
    '1',
    '1 ',
    '1-',
    '@',
    'a',
    'a@',
    '1.',
    ':',
    '::',
    '(1',
    '+1',
    'aa',
    'x',
    'a.b',
    'DE89 ',
    '\u00e9',
    'Mr. A B ',
    '12 Ab ',
    '-eyJ',
    '0x',
    '-----BEGIN PRIVATE KEY-----',
    '4111 ',
    ' 0',
  ])(
    'take time in proportion: %j',
    (unit) => {
      // Squared, it would be sixteen.
      expect(growth((text) => filters.input(text, 'user'), unit)).toBeLessThan(10);
    },
    120_000,
  );
});

describe('custom patterns', () => {
  it.each([
    ['(?=a)b', 'lookaround'],
    ['(?<!a)b', 'lookaround'],
    ['(a)\\1', 'back-references'],
    ['(?<n>a)\\k<n>', 'back-references'],
    ['(a+)+$', 'quantifier'],
    ['((ab)*c){2,}', 'quantifier'],
    ['(', 'missing'],
    ['', 'empty'],
    ['a'.repeat(100_001), 'characters'],
  ])('%s is refused', (pattern, why) => {
    expect(checkPattern(pattern)).toContain(why);
    expect(() => new CustomPattern(pattern)).toThrow();
  });

  it.each(['\\bACME-\\d{4}\\b', '(?i)secret', '[(*+]+', '(ab)+c', '(?:a|b)*', '(a{2})+', '\\u0041', '\\p{Lu}x'])(
    '%s can be used',
    (pattern) => {
      expect(checkPattern(pattern)).toBeNull();
    },
  );

  it('are found by their place in UTF-16, and never empty', () => {
    expect(new CustomPattern('b+').find('😀abb b')).toEqual([
      { start: 3, end: 5 },
      { start: 6, end: 7 },
    ]);
    expect(new CustomPattern('x*').find('axb')).toEqual([{ start: 1, end: 2 }]);
    expect(new CustomPattern('\\bfoo').find('foo foo', 1)).toEqual([{ start: 4, end: 7 }]);
  });
});

describe('secrets', () => {
  const ALNUM = 'q7Wz2Ke9RtY4uIo5PaS8dFg1HjKl3ZxCv6BnM0QwErTyUiOp';
  const HEX = '3f9a1c7be2d4058f6a7719c0e4b85d12fa63907c8ed1b245769c0ab3f8e2d514';
  const of = (length: number) => (ALNUM + ALNUM.split('').reverse().join('')).repeat(20).slice(0, length);
  it.each([
    ['aws-access-key-id', `AKIA${'QWZ2KE7RTY4UIO5P'}`],
    ['github-token', `ghp_${of(36)}`],
    ['github-fine-grained-pat', `github_pat_${of(22)}_${of(59)}`],
    ['gitlab-personal-access-token', `glpat-${of(20)}`],
    ['openai-api-key', `sk-proj-${of(58)}T3BlbkFJ${of(58)}`],
    ['openai-legacy-api-key', `sk-${of(20)}T3BlbkFJ${of(20)}`],
    ['anthropic-api-key', `sk-ant-api03-${of(93)}AA`],
    ['openrouter-api-key', `sk-or-v1-${HEX}`],
    ['google-api-key', `AIza${of(35)}`],
    ['google-oauth-client-secret', `GOCSPX-${of(28)}`],
    ['stripe-secret-key', `sk_live_${of(24)}`],
    ['slack-token', `xoxb-1234567890123-9876543210987-${of(24)}`],
    ['slack-legacy-workspace-token', `xoxa-2-${of(40)}`],
    ['slack-app-token', `xapp-1-A0B1C2D3E4F-1234567890123-${HEX}`],
    ['slack-webhook-url', `https://hooks.slack.com/services/T0A1B2C3D/B4E5F6G7H/${of(24)}`],
    ['npm-access-token', `npm_${of(36)}`],
    ['sendgrid-api-key', `SG.${of(22)}.${'eetLDQ8B8vW2ZBjyaXYl1AcCtLn99MHwP708dWgW5hQ'}`],
    ['huggingface-access-token', `hf_${'qWzKeRtYuIoPaSdFgHjKlZxCvBnMQwErTy'}`],
    ['databricks-api-token', `dapi${HEX.slice(0, 32)}`],
    ['atlassian-api-token', `ATATT3${of(186)}`],
    ['doppler-token', `dp.pt.${of(43)}`],
    ['linear-api-key', `lin_api_${of(40)}`],
    ['shopify-access-token', `shpat_${HEX.slice(0, 32)}`],
    ['telegram-bot-token', `123456789:AA${of(33)}`],
    ['age-secret-key', `AGE-SECRET-KEY-1${'SKPA0R28H70CX0QD63TC2YGUGGQQDD22J5VDTVCNPH62FSY4NQ4YNKN75T'}`],
    ['json-web-token', `eyJ${of(30)}.eyJ${of(60)}.${of(43)}`],
    ['bitcoin-wif-uncompressed', '5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ'],
    ['bitcoin-wif-compressed', 'KwdMAjGmerYanjeui5SHS7JkmpZvVipYvB2LJGU1ZxJwYvP98617'],
    [
      'bitcoin-extended-private-key',
      'xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi',
    ],
    ['ethereum-private-key', `0x${HEX}`],
    [
      'private-key-block',
      `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n${of(64)}\n${of(64)}\n-----END RSA PRIVATE KEY-----`,
    ],
    ['pypi-upload-token', `pypi-AgEIcHlwaS5vcmc${of(120)}`],
    ['digitalocean-token', `dop_v1_${HEX}`],
  ])('%s is found', (rule, secret) => {
    const text = `token = "${secret}", and so on`;
    expect(detectSecrets(text).map((one) => [one.rule, text.slice(one.start, one.end)])).toEqual([[rule, secret]]);
  });
});
