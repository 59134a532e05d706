import { digitsOf, isRepeated, luhn, mod11And10, verhoeff, weighted } from './checksums.ts';

/** A national identification number, as data. */
export type NationalId = {
  /** As a guardrail names it: country, then what it is called there. */
  readonly slug: string;
  /** Global, bounded; `(?<![\w-])` before and `(?![\w-])` behind; at most one group. */
  readonly pattern: RegExp;
  /** What is called so; tested against the characters before it. */
  readonly context: RegExp;
  /** Whether only a number so called counts: its shape and check digit are those of too many others. */
  readonly needsContext: 'always' | 'ungrouped' | 'never';
  readonly isValid: (digits: readonly number[], text: string) => boolean;
};

type Digits = readonly number[];
const number = (digits: Digits) => Number(digits.join(''));
const mod11 = (digits: Digits, weights: readonly number[]) => weighted(digits, weights) % 11;
const always = () => true;

/** Month and day of digits in the order that a rule says. */
const isDay = (month: number, day: number) => month >= 1 && month <= 12 && day >= 1 && day <= 31;
const pair = (digits: Digits, at: number) => (digits[at] ?? 0) * 10 + (digits[at + 1] ?? 0);
const letterOf = (text: string) =>
  text
    .trim()
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '');
const SPANISH = 'TRWAGMYFPDXBNJZSQVHLCKE';
const isSpanish = (text: string) => {
  const plain = letterOf(text).replace(/^X/, '0').replace(/^Y/, '1').replace(/^Z/, '2');
  return SPANISH[Number(plain.slice(0, -1)) % 23] === plain.at(-1);
};
const FINNISH = '0123456789ABCDEFHJKLMNPRSTUVWXY';
const cpf = (digits: Digits) =>
  !isRepeated(digits) &&
  [9, 10].every((length) => {
    const sum = digits.slice(0, length).reduce((all, digit, at) => all + digit * (length + 1 - at), 0);
    return ((sum * 10) % 11) % 10 === digits[length];
  });
const CNPJ = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2] as const;
const cnpj = (digits: Digits) =>
  !isRepeated(digits) &&
  [12, 13].every((length) => {
    const rest = mod11(digits, CNPJ.slice(13 - length));
    return (rest < 2 ? 0 : 11 - rest) === digits[length];
  });

export const NATIONAL_IDS: readonly NationalId[] = [
  {
    slug: 'us-itin',
    pattern: /(?<![\w-])9\d{2}([- ]?)(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])\1\d{4}(?![\w-])/g,
    context: /itin|taxpayer|tax id/i,
    needsContext: 'ungrouped',
    isValid: always,
  },
  {
    slug: 'us-npi',
    pattern: /(?<![\w-])[12]\d{3}([- ]?)\d{3}\1\d{3}(?![\w-])/g,
    context: /npi|national provider|provider id/i,
    needsContext: 'always',
    isValid: (d) => luhn([8, 0, 8, 4, 0, ...d]) && !isRepeated(d.slice(1)),
  },
  {
    slug: 'us-aba-routing',
    pattern: /(?<![\w-])[0123678]\d{3}(-?)\d{4}\1\d(?![\w-])/g,
    context: /routing|aba|rtn|transit/i,
    needsContext: 'always',
    isValid: (d) => weighted(d, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 === 0 && !isRepeated(d),
  },
  {
    slug: 'us-mbi',
    pattern:
      /(?<![\w-])[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d(-?)[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d\1[AC-HJKMNP-RT-Y]{2}\d{2}(?![\w-])/gi,
    context: /mbi|medicare|beneficiary/i,
    needsContext: 'ungrouped',
    isValid: always,
  },
  {
    slug: 'ca-sin',
    pattern: /(?<![\w-])[1-79]\d{2}([- ]?)\d{3}\1\d{3}(?![\w-])/g,
    context: /\bsin\b|social insurance|\bnas\b|assurance sociale/i,
    needsContext: 'ungrouped',
    isValid: (d) => luhn(d) && !isRepeated(d),
  },
  {
    slug: 'uk-nhs',
    pattern: /(?<![\w-])\d{3}([- ]?)\d{3}\1\d{4}(?![\w-])/g,
    context: /nhs|national health/i,
    needsContext: 'ungrouped',
    isValid: (d) => !isRepeated(d) && weighted(d, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0,
  },
  {
    slug: 'uk-nino',
    pattern:
      /(?<![\w-])(?!BG|GB|KN|NK|NT|TN|ZZ)[ABCEGHJ-PRSTW-Z][ABCEGHJ-NPRSTW-Z]( ?)\d{2}\1\d{2}\1\d{2}\1[A-D](?![\w-])/gi,
    context: /nino|national insurance|\bni\b/i,
    needsContext: 'never',
    isValid: always,
  },
  {
    slug: 'au-abn',
    pattern: /(?<![\w-])\d{2}( ?)\d{3}\1\d{3}\1\d{3}(?![\w-])/g,
    context: /\babn\b|business number/i,
    needsContext: 'ungrouped',
    isValid: (d) => weighted([(d[0] ?? 0) - 1, ...d.slice(1)], [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) % 89 === 0,
  },
  {
    slug: 'au-acn',
    pattern: /(?<![\w-])\d{3}( ?)\d{3}\1\d{3}(?![\w-])/g,
    context: /\bacn\b|company number/i,
    needsContext: 'ungrouped',
    isValid: (d) => !isRepeated(d) && (10 - (weighted(d, [8, 7, 6, 5, 4, 3, 2, 1]) % 10)) % 10 === d[8],
  },
  {
    slug: 'au-tfn',
    pattern: /(?<![\w-])\d{3}( ?)\d{3}\1\d{3}(?![\w-])/g,
    context: /\btfn\b|tax file/i,
    needsContext: 'always',
    isValid: (d) => !isRepeated(d) && mod11(d, [1, 4, 3, 7, 5, 8, 6, 9, 10]) === 0,
  },
  {
    slug: 'au-medicare',
    pattern: /(?<![\w-])[2-6]\d{3}( ?)\d{5}\1\d(?![\w-])/g,
    context: /medicare/i,
    needsContext: 'ungrouped',
    isValid: (d) => weighted(d, [1, 3, 7, 9, 1, 3, 7, 9]) % 10 === d[8],
  },
  {
    slug: 'in-aadhaar',
    pattern: /(?<![\w-])[2-9]\d{3}([- ]?)\d{4}\1\d{4}(?![\w-])/g,
    context: /aadh?aa?r|uidai|\buid\b/i,
    needsContext: 'ungrouped',
    isValid: (d) => verhoeff(d) && !isRepeated(d),
  },
  {
    slug: 'in-pan',
    pattern: /(?<![\w-])[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z](?![\w-])/g,
    context: /\bpan\b|permanent account/i,
    needsContext: 'never',
    isValid: (d) => number(d) > 0,
  },
  {
    slug: 'in-gstin',
    pattern: /(?<![\w-])(?:0[1-9]|[12]\d|3[0-8]|97|99)[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z][1-9A-Z]Z[0-9A-Z](?![\w-])/g,
    context: /gst/i,
    needsContext: 'never',
    isValid: (_, text) => gstin(text),
  },
  {
    slug: 'es-nif',
    pattern: /(?<![\w-])\d{7,8}[- ]?[A-HJ-NP-TV-Z](?![\w-])/gi,
    context: /\bnif\b|\bdni\b/i,
    needsContext: 'never',
    isValid: (_, text) => isSpanish(text),
  },
  {
    slug: 'es-nie',
    pattern: /(?<![\w-])[XYZ]-?\d{7}-?[A-HJ-NP-TV-Z](?![\w-])/gi,
    context: /\bnie\b|extranjero/i,
    needsContext: 'never',
    isValid: (_, text) => isSpanish(text),
  },
  {
    slug: 'it-fiscal-code',
    pattern: /(?<![\w-])[A-Z]{6}[\dLMNP-V]{2}[ABCDEHLMPRST][\dLMNP-V]{2}[A-Z][\dLMNP-V]{3}[A-Z](?![\w-])/gi,
    context: /codice fiscale|fiscal/i,
    needsContext: 'never',
    isValid: (_, text) => fiscalCode(text),
  },
  {
    slug: 'it-vat',
    pattern: /(?<![\w-])(?:IT)?\d{11}(?![\w-])/g,
    context: /p(?:artita|\.)\s?iva|vat|piva/i,
    needsContext: 'always',
    isValid: (d) => luhn(d) && !isRepeated(d),
  },
  {
    slug: 'de-tax-id',
    pattern: /(?<![\w-])[1-9]\d( ?)\d{3}\1\d{3}\1\d{3}(?![\w-])/g,
    context: /steuer|tax id|\bidnr|\btin\b/i,
    needsContext: 'always',
    isValid: (d) => mod11And10(d) && new Set(d.slice(0, 10)).size >= 8 && new Set(d.slice(0, 10)).size <= 9,
  },
  {
    slug: 'de-social-security',
    pattern: /(?<![\w-])\d{2}( ?)(?:0[1-9]|[1-7]\d|8[0-9])?\d{2}(?:0\d|1[0-2])\d{2}\1[A-Z]\1\d{3}(?![\w-])/g,
    context: /sozialversicherung|rentenversicherung|social security|\bsv/i,
    needsContext: 'never',
    isValid: (_, text) => germanPension(text),
  },
  {
    slug: 'fr-nir',
    pattern: /(?<![\w-])[12]( ?)\d{2}\1(?:0[1-9]|1[0-2]|[2-9]\d)\1(?:\d{2}|2[AB])\1\d{3}\1\d{3}\1\d{2}(?![\w-])/g,
    context: /nir|s[ée]curit[ée] sociale|insee/i,
    needsContext: 'never',
    isValid: (_, text) => nir(text),
  },
  {
    slug: 'nl-bsn',
    pattern: /(?<![\w-])\d{4}([. ]?)\d{2}\1\d{3}(?![\w-])/g,
    context: /\bbsn\b|burgerservice|sofi/i,
    needsContext: 'always',
    isValid: (d) => !isRepeated(d) && weighted(d, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0,
  },
  {
    slug: 'be-nn',
    pattern: /(?<![\w-])\d{2}\.?\d{2}\.?\d{2}-?\d{3}[.-]?\d{2}(?![\w-])/g,
    context: /rijksregister|registre national|national number|\bnn\b|\binsz\b|\bniss\b/i,
    needsContext: 'ungrouped',
    isValid: (d) =>
      [0, 2_000_000_000].some((born) => 97 - ((number(d.slice(0, 9)) + born) % 97) === pair(d, 9)) && pair(d, 2) <= 12,
  },
  {
    slug: 'pl-pesel',
    pattern: /(?<![\w-])\d{11}(?![\w-])/g,
    context: /pesel/i,
    needsContext: 'always',
    isValid: (d) => weighted(d, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0 && isDay(pair(d, 2) % 20, pair(d, 4)),
  },
  {
    slug: 'pl-nip',
    pattern: /(?<![\w-])\d{3}(-?)\d{3}\1\d{2}\1\d{2}(?![\w-])/g,
    context: /\bnip\b/i,
    needsContext: 'ungrouped',
    isValid: (d) => !isRepeated(d) && mod11(d, [6, 5, 7, 2, 3, 4, 5, 6, 7]) === d[9],
  },
  {
    slug: 'se-personnummer',
    pattern: /(?<![\w-])(?:19|20)?\d{6}[-+]?\d{4}(?![\w-])/g,
    context: /person(?:al)?\s?(?:nummer|number)|pnr/i,
    needsContext: 'ungrouped',
    isValid: (d) => luhn(d.slice(-10)) && isDay(pair(d, d.length - 8), ((pair(d, d.length - 6) - 1) % 60) + 1),
  },
  {
    slug: 'fi-hetu',
    pattern: /(?<![\w-])\d{6}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y](?![\w-])/gi,
    context: /hetu|henkil/i,
    needsContext: 'never',
    isValid: (d, text) =>
      isDay(pair(d, 2), pair(d, 0)) && FINNISH[number(d.slice(0, 9)) % 31] === letterOf(text).at(-1),
  },
  {
    slug: 'dk-cpr',
    pattern: /(?<![\w-])\d{6}-?\d{4}(?![\w-])/g,
    context: /\bcpr\b|personnummer/i,
    needsContext: 'always',
    isValid: (d) => isDay(pair(d, 2), pair(d, 0)),
  },
  {
    slug: 'no-fnr',
    pattern: /(?<![\w-])\d{6} ?\d{5}(?![\w-])/g,
    context: /f[øo]dselsnummer|\bfnr\b|personnummer/i,
    needsContext: 'always',
    isValid: (d) => mod11(d, [3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) === 0 && mod11(d, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) === 0,
  },
  {
    slug: 'pt-nif',
    pattern: /(?<![\w-])[1235689]\d{2}( ?)\d{3}\1\d{3}(?![\w-])/g,
    context: /\bnif\b|contribuinte/i,
    needsContext: 'always',
    isValid: (d) => {
      const rest = mod11(d, [9, 8, 7, 6, 5, 4, 3, 2]);
      return (rest < 2 ? 0 : 11 - rest) === d[8];
    },
  },
  {
    slug: 'br-cpf',
    pattern: /(?<![\w-])\d{3}(?:\.\d{3}\.\d{3}-\d{2}|\d{8})(?![\w-])/g,
    context: /\bcpf\b/i,
    needsContext: 'ungrouped',
    isValid: cpf,
  },
  {
    slug: 'br-cnpj',
    pattern: /(?<![\w-])\d{2}(?:\.\d{3}\.\d{3}\/\d{4}-\d{2}|\d{12})(?![\w-])/g,
    context: /cnpj/i,
    needsContext: 'ungrouped',
    isValid: cnpj,
  },
  {
    slug: 'cn-id',
    pattern: /(?<![\w-])[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dX](?![\w-])/gi,
    context: /身份证/,
    needsContext: 'never',
    isValid: (d, text) =>
      '10X98765432'[weighted(d.slice(0, 17), [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11] ===
      letterOf(text).at(-1),
  },
  {
    slug: 'kr-rrn',
    pattern: /(?<![\w-])\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])-?[1-8]\d{6}(?![\w-])/g,
    context: /\brrn\b|resident registration|주민/i,
    needsContext: 'ungrouped',
    isValid: (d) => (11 - mod11(d, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5])) % 10 === d[12],
  },
  {
    slug: 'sg-nric',
    pattern: /(?<![\w-])[STFGM]\d{7}[A-Z](?![\w-])/gi,
    context: /nric|\bfin\b/i,
    needsContext: 'never',
    isValid: (d, text) => nric(d, letterOf(text)),
  },
  {
    slug: 'th-id',
    pattern: /(?<![\w-])[1-8](-?)\d{4}\1\d{5}\1\d{2}\1\d(?![\w-])/g,
    context: /thai|บัตร/i,
    needsContext: 'ungrouped',
    isValid: (d) => (11 - mod11(d, [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2])) % 10 === d[12],
  },
  {
    slug: 'tr-id',
    pattern: /(?<![\w-])[1-9]\d{10}(?![\w-])/g,
    context: /\btc\b|t\.c\.|kimlik|turkish/i,
    needsContext: 'always',
    isValid: (d) => {
      const odd = [0, 2, 4, 6, 8].reduce((sum, at) => sum + (d[at] ?? 0), 0);
      const even = [1, 3, 5, 7].reduce((sum, at) => sum + (d[at] ?? 0), 0);
      return (((odd * 7 - even) % 10) + 10) % 10 === d[9] && (odd + even + (d[9] ?? 0)) % 10 === d[10];
    },
  },
  {
    slug: 'za-id',
    pattern: /(?<![\w-])\d{6}( ?)\d{4}\1[01]\d{2}(?![\w-])/g,
    context: /south africa|\bsa id\b|id number|identity/i,
    needsContext: 'ungrouped',
    isValid: (d) => luhn(d) && isDay(pair(d, 2), pair(d, 4)),
  },
  {
    slug: 'mx-curp',
    pattern:
      /(?<![\w-])[A-Z][AEIOUX][A-Z]{2}\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[HMX][A-Z]{2}[B-DF-HJ-NP-TV-Z]{3}[0-9A-Z]\d(?![\w-])/g,
    context: /curp/i,
    needsContext: 'never',
    isValid: always,
  },
  {
    slug: 'ng-nin',
    pattern: /(?<![\w-])\d{11}(?![\w-])/g,
    context: /\bnin\b|national identification/i,
    needsContext: 'always',
    isValid: (d) => !isRepeated(d),
  },
  {
    slug: 'ro-cnp',
    pattern: /(?<![\w-])[1-9]\d{12}(?![\w-])/g,
    context: /\bcnp\b|cod numeric/i,
    needsContext: 'always',
    isValid: (d) =>
      isDay(pair(d, 3), pair(d, 5)) &&
      (mod11(d, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) === 10 ? 1 : mod11(d, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9])) ===
        d[12],
  },
  {
    slug: 'cz-rc',
    pattern: /(?<![\w-])\d{6}\/?\d{4}(?![\w-])/g,
    context: /rodn[ée]|\brc\b|r\.\s?č/i,
    needsContext: 'ungrouped',
    isValid: (d) => number(d) % 11 === 0 && isDay((pair(d, 2) % 50) % 20, pair(d, 4)),
  },
];

function gstin(text: string): boolean {
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
  let sum = 0;
  for (let at = 0; at < 14; at += 1) {
    const value = alphabet.indexOf(text[at] ?? '') * (at % 2 === 0 ? 1 : 2);
    sum += Math.floor(value / 36) + (value % 36);
  }
  return alphabet[(36 - (sum % 36)) % 36] === text[14];
}

const ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23] as const;
function fiscalCode(text: string): boolean {
  const plain = text.toUpperCase();
  let sum = 0;
  for (let at = 0; at < 15; at += 1) {
    const code = plain.charCodeAt(at);
    const value = code <= 0x39 ? code - 0x30 : code - 0x41;
    sum += at % 2 === 0 ? (ODD[value] ?? 0) : value;
  }
  return String.fromCharCode(0x41 + (sum % 26)) === plain[15];
}

function germanPension(text: string): boolean {
  const plain = letterOf(text);
  if (plain.length !== 12) return false;
  const letter = String(plain.charCodeAt(8) - 0x40).padStart(2, '0');
  const digits = digitsOf(plain.slice(0, 8) + letter + plain.slice(9, 11));
  const weights = [2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1];
  const sum = digits.reduce((all, digit, at) => {
    const product = digit * (weights[at] ?? 0);
    return all + Math.floor(product / 10) + (product % 10);
  }, 0);
  return sum % 10 === Number(plain[11]);
}

function nir(text: string): boolean {
  const plain = text.replaceAll(' ', '').replace('2A', '19').replace('2B', '18');
  return 97 - Number(BigInt(plain.slice(0, 13)) % 97n) === Number(plain.slice(13));
}

function nric(digits: Digits, text: string): boolean {
  const first = text[0] ?? '';
  const offset = first === 'T' || first === 'G' ? 4 : first === 'M' ? 3 : 0;
  const rest = (weighted(digits, [2, 7, 6, 5, 4, 3, 2]) + offset) % 11;
  const letters = first === 'M' ? 'XWUTRQPNJLK' : first === 'S' || first === 'T' ? 'JZIHGFEDCBA' : 'XWUTRQPNMLK';
  return letters[first === 'M' ? 10 - rest : rest] === text[8];
}
