/** Letters of other scripts that are drawn like Latin ones, lower case, after NFKC. Source: Unicode TR39 confusables, the common part. */
const ROWS: Readonly<Record<string, string>> = {
  a: 'аαɑᴀӑаⲁꭺａ',
  b: 'ЬьвʙᏼƄᖯɓ',
  c: 'сϲᴄⲥƈꮯ',
  d: 'ԁɗժᴅꓒ',
  e: 'еєҽεᴇɛɘ',
  f: 'ғƒꞙẝϝꜰ',
  g: 'ɡցɢԍǥᶃ',
  h: 'һհнʜᏂн',
  i: 'іιıɪӏỉꙇⅰɩї',
  j: 'јϳʝᴊյ',
  k: 'кκᴋƙⲕқ',
  l: 'ⅼӏłʟιւ',
  m: 'мᴍʍⲙм',
  n: 'пոηɴņլп',
  o: 'оοօσᴏഠөӧⲟ',
  p: 'рρᴘϸⲣƿ',
  q: 'ԛգʠզ',
  r: 'гʀᴦⲅɾ',
  s: 'ѕꜱʂƽѕ',
  t: 'тτᴛţŧ',
  u: 'υսᴜʋμц',
  v: 'ѵνᴠᶌν',
  w: 'ԝωшѡɯᴡա',
  x: 'хχⅹжҳ',
  y: 'уүγʏყʎ',
  z: 'ᴢʐȥʒ',
};

/** Look-alike to Latin letter, by their codes. The first row that has a character wins. */
export const CONFUSABLES: ReadonlyMap<number, number> = new Map(
  Object.entries(ROWS)
    .toReversed()
    .flatMap(([latin, alike]) =>
      Array.from(alike.toLowerCase(), (character) => [character.charCodeAt(0), latin.charCodeAt(0)] as const),
    ),
);
