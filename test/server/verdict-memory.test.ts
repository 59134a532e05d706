import { describe, expect, it } from 'vitest';
import { VerdictMemory } from '../../server/engine/content/verdict-memory.ts';
import { ContentFilters, type Hit, type Speaker } from '../../server/policy/content-filters.ts';
import type { ContentRules } from '../../server/policy/effective-policy.ts';

const rules: ContentRules = {
  builtins: [],
  custom: [],
  reversible: false,
  markToolResults: false,
  injectionAllowList: [],
};
const filters = new ContentFilters(rules);

/** A memory, and the texts that it had judged. */
function watched(most?: number) {
  const memory = most === undefined ? new VerdictMemory() : new VerdictMemory(most);
  const judged: string[] = [];
  const look = (text: string, speaker: Speaker = 'user', by = filters): readonly Hit[] =>
    memory.hits(by, text, speaker, () => {
      judged.push(text);
      return [{ name: text } as Hit];
    });
  return { memory, judged, look };
}
/** Alike in length and in every character that a look-up samples but, maybe, one. */
const alike = (at: number, text = 'x'.repeat(2_000)) => `${text.slice(0, at)}y${text.slice(at + 1)}`;

describe('what was found in a text', () => {
  it('is remembered, and is that of this very text, speaker and filters', () => {
    const { judged, look } = watched();
    for (let at = 0; at < 12; at += 1) expect(look(alike(at))).toEqual([{ name: alike(at) }]);
    for (let at = 0; at < 12; at += 1) expect(look(alike(at))).toEqual([{ name: alike(at) }]);
    expect(judged).toHaveLength(12);
    look(alike(0), 'assistant');
    look(alike(0), 'user', new ContentFilters(rules));
    expect(judged).toHaveLength(14);
  });

  it('is right for texts of any length that differ anywhere', () => {
    const { judged, look } = watched();
    const texts = [1, 2, 15, 16, 17, 47, 48, 49, 97, 500].flatMap((length) =>
      Array.from({ length: Math.min(length, 40) }, (_, at) => alike(at, 'x'.repeat(length))),
    );
    for (const text of [...texts, ...texts]) expect(look(text)).toEqual([{ name: text }]);
    expect(judged.length).toBeGreaterThanOrEqual(texts.length);
  });

  it('is forgotten in time, but not what is asked for again and again', () => {
    const { memory, judged, look } = watched(10_000);
    const kept = `kept ${'k'.repeat(500)}`;
    for (let number = 0; number < 1_000; number += 1) {
      look(`${number} ${'z'.repeat(500)}`);
      look(kept);
      expect(memory.characters).toBeLessThanOrEqual(11_000);
    }
    expect(judged.filter((text) => text === kept)).toHaveLength(1);
    look(`0 ${'z'.repeat(500)}`);
    expect(judged.filter((text) => text.startsWith('0 '))).toHaveLength(2);
  });

  it('is not kept of a text that would drive out all others', () => {
    const { memory, judged, look } = watched(1_000);
    look('h'.repeat(900));
    look('h'.repeat(900));
    expect(judged).toHaveLength(2);
    expect(memory.characters).toBe(0);
  });
});
