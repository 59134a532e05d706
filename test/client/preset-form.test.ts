import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readForm } from '../../client/presets/fields.ts';
import { changesOf } from '../../client/presets/form-edit.ts';
import { type EditableField, fromForm } from '../../client/presets/messages.ts';
import { parsePresetFile } from '../../server/presets/file.ts';
import { applyChanges } from '../../server/presets/text-change.ts';

const TEXT = `---
# Says hello. Owner: @support
name: Hello   # shown in lists
model: "callgate/sandbox"
temperature: 0.2
provider:
  sort: price
---
You greet people.

Be brief.
`;

const edited = (text: string, field: EditableField, value: string) =>
  applyChanges(text, changesOf(text, { field, value }));
const fieldsOf = (text: string) => readForm(text).fields;

describe('the preset form', () => {
  it('shows the fields of a text, and names what it does not show', () => {
    expect(readForm(TEXT)).toEqual({
      fields: {
        name: 'Hello',
        description: '',
        model: 'callgate/sandbox',
        temperature: '0.2',
        max_tokens: '',
        models: [],
        systemPrompt: 'You greet people.\n\nBe brief.',
        others: ['provider'],
      },
      problems: [],
    });
  });

  it('keeps its fields while a value is wrong, so that it can be corrected there', () => {
    const form = readForm(TEXT.replace('0.2', '7'));
    expect(form.problems).toMatchObject([{ line: 5, severity: 'error' }]);
    expect(form.fields?.temperature).toBe('7');
    expect(parsePresetFile(edited(TEXT.replace('0.2', '7'), 'temperature', '0.7')).file?.config.temperature).toBe(0.7);
  });

  it.each(['no front matter', '---\nmodel: x\n', '---\nmodel: [a, b\n---\n', '---\n- a\n---\nx'])(
    'has no fields for %j, and says why',
    (text) => {
      const form = readForm(text);
      expect(form.fields).toBeNull();
      expect(form.problems.length).toBeGreaterThan(0);
    },
  );

  it('changes a value and no other byte', () => {
    expect(edited(TEXT, 'model', 'openai/gpt-5.4-mini')).toBe(TEXT.replace('callgate/sandbox', 'openai/gpt-5.4-mini'));
    expect(edited(TEXT, 'temperature', '1')).toBe(TEXT.replace('0.2', '1'));
    expect(edited(TEXT, 'systemPrompt', 'You greet people.\n\nBe very brief.')).toBe(
      TEXT.replace('Be brief', 'Be very brief'),
    );
  });

  it('takes a field out of the text when it is emptied', () => {
    expect(edited(TEXT, 'temperature', ' ')).toBe(TEXT.replace('temperature: 0.2\n', ''));
    expect(parsePresetFile(edited(TEXT, 'systemPrompt', '')).file?.systemPrompt).toBeNull();
  });

  it('writes numbers as numbers', () => {
    expect(parsePresetFile(edited(TEXT, 'max_tokens', '800')).file?.config.max_tokens).toBe(800);
  });

  it('changes nothing when nothing differs', () => {
    for (const [field, value] of Object.entries(fieldsOf(TEXT) ?? {})) {
      if (typeof value === 'string') expect(changesOf(TEXT, { field: field as EditableField, value })).toEqual([]);
    }
  });

  it('shows what was typed, whatever it is, and leaves every comment', () => {
    const texts = fc.constantFrom(TEXT, TEXT.replaceAll('\n', '\r\n'));
    const names = fc
      .string({ minLength: 1, maxLength: 80 })
      .map((name) => name.trim().replace(/\s+/g, ' '))
      .filter((name) => name !== '');
    fc.assert(
      fc.property(texts, fc.constantFrom('name', 'description', 'model'), names, (text, field, value) => {
        const result = edited(text, field as EditableField, value);
        expect(fieldsOf(result)?.[field as 'name']).toBe(value);
        expect(result).toContain('# Says hello. Owner: @support');
      }),
    );
    const prompts = fc
      .string({ unit: 'grapheme', maxLength: 200 })
      .filter((prompt) => prompt.trim() !== '' && !prompt.includes('\r'));
    fc.assert(
      fc.property(texts, prompts, (text, prompt) => {
        expect(fieldsOf(edited(text, 'systemPrompt', prompt))?.systemPrompt).toBe(prompt);
      }),
    );
  });

  it('never throws on any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, value) => {
        readForm(text);
        readForm(`---\n${text}`);
        changesOf(`---\n${text}\n---\n`, { field: 'model', value });
      }),
    );
  });
});

describe('messages of the form', () => {
  it.each([
    null,
    'edit',
    {},
    { type: 'edit', field: 'provider', value: 'x', number: 1, version: 1 },
    { type: 'edit', field: 'name', value: 3 },
  ])('refuses %j', (message) => expect(fromForm.safeParse(message).success).toBe(false));
});
