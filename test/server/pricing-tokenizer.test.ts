import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { countText } from '../../server/pricing/count-text.ts';
import { Tokenizer } from '../../server/pricing/tokenizer.ts';
import { boundByBytes, boundByCount, likelyTokens, weigh } from '../../server/pricing/weigh.ts';

const folder = mkdtempSync(join(tmpdir(), 'callgate-tokenizer-'));
const source = resolve(import.meta.dirname, '../../server/pricing/tokenizer-worker.ts');
const started: Tokenizer[] = [];

afterAll(async () => {
  for (const one of started) await one.dispose();
  rmSync(folder, { recursive: true });
});

function start(file: string): Tokenizer {
  const one = new Tokenizer(file);
  started.push(one);
  return one;
}

function worker(name: string, text: string): Tokenizer {
  const file = join(folder, name);
  writeFileSync(file, text);
  return start(file);
}

it('counts each text as the tokenizer does, several questions at once', async () => {
  const tokenizer = start(source);
  const texts = ['hello world', '', '漢字かな交じり文', '<|endoftext|>', 'a'.repeat(50_000)];
  const [all, one] = await Promise.all([tokenizer.count(texts), tokenizer.count(['hello'])]);
  expect(all).toEqual(texts.map(countText));
  expect(one).toEqual([countText('hello')]);
  expect(await tokenizer.count([])).toEqual([]);
});

it('goes on after its thread was ended, with another', async () => {
  const tokenizer = start(source);
  expect(await tokenizer.count(['one'])).toEqual([1]);
  const unanswered = tokenizer.count(['two '.repeat(200_000)]);
  await tokenizer.dispose();
  // Whoever waited is told that there is no count, or had it already.
  expect([null, 1]).toContain((await unanswered)?.length ?? null);
  expect(await tokenizer.count(['three'])).toEqual([1]);
});

it('that cannot be loaded counts nothing, is not started for ever, and the bound by bytes stands', async () => {
  const tokenizer = worker('broken.mjs', 'throw new Error("no");');
  for (let attempt = 0; attempt < 10; attempt += 1) expect(await tokenizer.count(['x'])).toBeNull();
  const weight = weigh({ messages: [{ role: 'user', content: 'some words '.repeat(100) }] });
  expect(await boundByCount(weight, tokenizer.count)).toBe(boundByBytes(weight));
  // An estimate for charging is nearer, and still no less than the words.
  const likely = await likelyTokens(weight, tokenizer.count);
  expect(likely).toBeLessThan(boundByBytes(weight));
  expect(likely).toBeGreaterThan(200);
});

it('that is missing counts nothing', async () => {
  expect(await start(join(folder, 'nowhere.mjs')).count(['x'])).toBeNull();
});
