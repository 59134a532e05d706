import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parsePolicyFile } from '../../server/policy-file/parse.ts';
import { Editor, model, preset, TestDaemon } from './editor.ts';

const daemon = new TestDaemon();
let editor: Editor;
beforeAll(() => daemon.start());
afterAll(() => daemon.stop());
beforeEach(async () => {
  daemon.host.known = [preset('hello', { version: 3 })];
  daemon.host.catalogue = [model('openai/gpt-5-mini', 0.25, 2)];
  editor = await Editor.open(daemon.url);
});
afterEach(() => editor.close());

const URI = 'file:///work/callgate.yaml';

let opened = 0;

async function openAt(marked: string) {
  opened += 1;
  const uri = `file:///work/${opened}/callgate.yaml`;
  const offset = marked.indexOf('|');
  const document = await editor.openText(uri, 'yaml', marked.slice(0, offset) + marked.slice(offset + 1));
  return { uri, at: document.positionAt(offset) };
}
const labels = async (marked: string) => {
  const { uri, at } = await openAt(marked);
  return (await editor.complete(uri, at.line, at.character)).map(({ label }) => label);
};

describe('callgate.yaml', () => {
  it('has the problems that a plan would find, where they stand', async () => {
    const text = 'keys:\n  - name: a\n    limt: 5\n  - name: b\n    limit: lots\n';
    const document = await editor.openText(URI, 'yaml', text);
    const diagnostics = await editor.diagnostics(URI, 1);
    const { problems } = parsePolicyFile(text);
    expect(problems.length).toBe(2);
    expect(diagnostics.map(({ message, range, code }) => ({ message, range, code }))).toEqual(
      problems.map(({ message, start, end }) => ({
        message,
        code: 'policy/format',
        range: { start: document.positionAt(start), end: document.positionAt(end) },
      })),
    );
  });

  it('is known by its name alone: other YAML is nobody’s business', async () => {
    const other = 'file:///work/compose.yaml';
    await editor.openText(other, 'yaml', 'keys:\n  - limt: 5\n');
    expect(await editor.diagnostics(other, 1)).toEqual([]);
  });

  it('offers sections, fields, values, and the names that the file itself lists', async () => {
    expect(await labels('ke|')).toContain('guardrails');
    expect(await labels('keys:\n  - name: a\n    li|')).toEqual(expect.arrayContaining(['limit', 'limit_reset']));
    expect(await labels('keys:\n  - name: a\n    limit_reset: |')).toEqual(['daily', 'weekly', 'monthly']);
    expect(await labels('workspaces:\n  - slug: a\n    budgets:\n      mo|')).toContain('lifetime');
    expect(await labels('guardrails:\n  - name: Careful\nkeys:\n  - name: a\n    guardrail: |')).toContain('Careful');
    expect(await labels('guardrails:\n  - name: x\n    allowed_models:\n      - |')).toContain('openai/gpt-5-mini');
    expect(await labels('behaviors:\n  - name: x\n    preset: |')).toContain('hello');
  });

  it('says what a field is', async () => {
    const { uri, at } = await openAt('keys:\n  - name: a\n    lim|it: 5\n');
    const hover = await editor.hover(uri, at.line, at.character);
    expect(JSON.stringify(hover)).toContain('US dollars');
  });
});
