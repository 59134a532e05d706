import { describe, expect, it } from 'vitest';
import { detectInjection } from '../../server/detect/injection/detect-injection.ts';

const SIZE = 128 * 1_024;
const filled = (part: string, size: number) => part.repeat(Math.ceil(size / part.length)).slice(0, size);

/** Each is what some part of the detector likes least. */
const HOSTILE: Readonly<Record<string, string>> = {
  'one letter': 'a',
  'letters apart': 'i ',
  'letters apart, without vowels': 'x.',
  'one rule’s beginning, over and over': 'ignore all previous ',
  'every concept': 'ignore reveal system you now act unrestricted mode secret verbatim admin my send ',
  'open tags': '<|<system[system',
  'open images': '![](http://a?',
  delimiters: '### --- === ',
  'base64 that is none': 'QUJD/+',
  'base64 that is text': 'aWdub3JlIGFsbCA',
  hex: '69 ',
  'url escapes': '%69',
  'html escapes': '&#105;',
  'half escapes': '\\u00&#x%',
  comments: '<!-- ',
  'combining marks': 'a\u0301\u0302',
  'tag characters': '\u{e0069}',
  'Chinese fragments': '忽略之前指令密码',
  'Korean without spaces': '무시이전지시비밀번호',
  rotated: 'vtaber nyy cerivbhf ',
  leet: '1gn0r3 4ll ',
  'lone surrogates': '\ud800',
};

/** The least of three: what disturbs a measurement only ever adds to it. */
function spent(text: string): number {
  return Math.min(
    ...[0, 1, 2].map(() => {
      const before = process.cpuUsage();
      detectInjection(text, { model: true, allowList: ['ignore all of it', 'a'.repeat(900)] });
      const { user, system } = process.cpuUsage(before);
      return user + system;
    }),
  );
}

describe('hostile texts', () => {
  // Compared with itself: eight times the text must not take much more than eight times as long, which anything quadratic would.
  it.each(Object.entries(HOSTILE))('take time by their length: %s', (_name, part) => {
    detectInjection(filled(part, SIZE), { model: true });
    const small = spent(filled(part, SIZE));
    const large = spent(filled(part, SIZE * 8));
    expect(large / Math.max(small, 2_000)).toBeLessThan(32);
  });
});
