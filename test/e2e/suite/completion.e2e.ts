import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { Transcript } from '../../../client/completions/transcript.ts';
import type { CallgateExports } from '../../../client/extension.ts';
import type { SpendKey } from '../../../server/protocol.ts';
import { generation } from './daemon.ts';
import { eventually } from './eventually.ts';
import { attached, closeEditors, inWorkspace } from './extension.ts';
import { after, afterEach, before, describe, it, note } from './mocha.ts';

const HELLO = '.callgate/presets/hello.preset.md';
/** The sandbox says it back, a token every 15 ms: the answer takes more than a second. */
const LONG = Array.from({ length: 60 }, (_, index) => `word${index}`).join(' ');

describe('a test completion', () => {
  let callgate: CallgateExports;
  let preset: vscode.Uri;
  const texts = new Map<string, string[]>();
  let watching: vscode.Disposable;
  before(async () => {
    callgate = await attached();
    preset = inWorkspace(HELLO);
    watching = vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (document.uri.scheme !== 'callgate-run') return;
      const seen = texts.get(document.uri.path) ?? [];
      texts.set(document.uri.path, [...seen, document.getText()]);
    });
  });
  after(() => watching?.dispose());
  afterEach(async () => {
    await vscode.commands.executeCommand('workbench.action.files.revert');
    await closeEditors();
    texts.clear();
  });

  const openPreset = async () => {
    const document = await vscode.workspace.openTextDocument(preset);
    return vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.One, preview: false });
  };
  const run = async (prompt: string): Promise<Transcript> => {
    const transcript = await vscode.commands.executeCommand<Transcript>('callgate.runTestCompletion', preset, prompt);
    assert.ok(transcript, 'the command ran no completion');
    return transcript;
  };
  const answerEditor = () => vscode.window.visibleTextEditors.find(({ document }) => isRun(document));
  /** The document with the answer, once it holds all that `parts` name. */
  const shows = (what: string, ...parts: readonly (string | RegExp)[]): Promise<string> =>
    eventually(what, vscode.workspace.onDidChangeTextDocument, () => {
      const text = answerEditor()?.document.getText();
      return text && parts.every((part) => text.search(part) >= 0) ? text : null;
    });
  const editorKey = (): SpendKey => {
    const key = callgate.spend.keys.find(({ name }) => name === 'editor');
    assert.ok(key, 'there is no key "editor"');
    return key;
  };

  it('streams into a document beside the preset, and ends with route, tokens, cost and time', async () => {
    await openPreset();
    const transcript = await run(LONG);
    const text = await shows('the footer', /\*\*time\*\*/);
    assert.equal(answerEditor()?.viewColumn, vscode.ViewColumn.Two);
    assert.equal(vscode.window.activeTextEditor?.document.uri.toString(), preset.toString(), 'the focus has moved');

    const growing = [...texts.values()].flat();
    // How many there are is the window's affair: one that is busy paints less often.
    const partial = growing.filter((seen) => seen.includes('a stand-in') && !seen.includes('word59”'));
    assert.ok(partial.length >= 1, `${growing.length} texts were shown, none of them in the middle`);
    note(`the answer was painted ${growing.length} times`);

    assert.ok(text.includes(`> ${LONG}`));
    assert.ok(text.includes(`You said: “${LONG}”`));
    assert.ok(transcript.usage?.cost && transcript.usage.cost > 0);
    assert.match(text, /\*\*route\*\* callgate\/sandbox by Callgate\n/);
    const { prompt_tokens: input, completion_tokens: output } = transcript.usage;
    assert.ok(text.includes(`**tokens** ${input} in, ${output} out\n`));
    assert.match(text, /\*\*cost\*\* \$0\.0\d+, computed from prices\n/);
    assert.match(text, /\*\*time\*\* \d.*, the first token after \d/);
    assert.ok(transcript.id && text.includes(`**call** \`${transcript.id}\``));

    const settled = await generation(callgate, transcript.id);
    assert.equal(settled.total_cost, transcript.usage.cost);
    assert.equal(settled.tokens_completion, output);
  });

  it('charges it to the key "editor", which the spend tree shows', async () => {
    const before = await quiet();
    const { usage } = await run('Charge this.');
    const key = await eventually('the spend of the key "editor"', callgate.spend.onDidChange, () =>
      editorKey().usage > before ? editorKey() : null,
    );
    assert.equal(key.usage.toFixed(9), (before + (usage?.cost ?? Number.NaN)).toFixed(9));
  });

  it('runs what the editor shows, saved or not', async () => {
    const editor = await openPreset();
    const from = editor.document.getText().indexOf('You greet');
    const body = new vscode.Range(
      editor.document.positionAt(from),
      editor.document.lineAt(editor.document.lineCount - 1).range.end,
    );
    assert.ok(await editor.edit((edit) => edit.replace(body, 'Speak like a lighthouse keeper.\n')));
    assert.equal(editor.document.isDirty, true);
    const { text } = await run('Ahoy.');
    assert.ok(text.includes('Its instructions begin: “Speak like a lighthouse keeper'), text);
    assert.equal(editor.document.isDirty, true, 'the file was saved');
  });

  it('can be cancelled: the document says so, and the call is settled as a cancelled one', async () => {
    const before = await quiet();
    const running = run(LONG);
    await shows('the first words', /This is callgate\/sandbox/);
    await vscode.commands.executeCommand('callgate.stopCompletion');
    const transcript = await running;
    assert.equal(transcript.ending?.kind, 'cancelled');
    const text = await shows('the note', /\*\*Cancelled\*\*/);
    assert.ok(!text.includes(`${LONG}”`), 'the answer was complete already');

    const after = await eventually('the call is charged', callgate.spend.onDidChange, () =>
      editorKey().usage > before ? editorKey() : null,
    );
    assert.equal(after.in_flight, 0);
    assert.ok(transcript.id);
    const settled = await generation(callgate, transcript.id);
    assert.equal(settled.cancelled, true);
    assert.equal(settled.total_cost.toFixed(9), (after.usage - before).toFixed(9));
  });

  it('says why the daemon refused and what to do: the key "editor" is disabled', async () => {
    const { hash } = editorKey();
    await callgate.api.updateKey(hash, { disabled: true });
    try {
      const { ending } = await run('Will not be answered.');
      assert.equal(ending?.kind, 'failed');
      const text = await shows('the refusal', /This API key is disabled/);
      assert.match(text, /\*\*This API key is disabled.*\*\*\n\nEnable it/);
    } finally {
      await callgate.api.updateKey(hash, { disabled: false });
    }
  });

  it('says why the daemon refused and what to do: nobody serves the model', async () => {
    const editor = await openPreset();
    const model = /callgate\/sandbox/.exec(editor.document.getText());
    assert.ok(model);
    const range = new vscode.Range(
      editor.document.positionAt(model.index),
      editor.document.positionAt(model.index + model[0].length),
    );
    assert.ok(await editor.edit((edit) => edit.replace(range, 'nobody/nothing')));
    const { ending } = await run('Will not be answered.');
    assert.equal(ending?.kind, 'failed');
    assert.ok(ending?.kind === 'failed' && ending.remedy);
    await shows('the refusal', 'nobody/nothing', ending.message, ending.remedy);
  });

  it('is told of an unknown preset, with the names that are near', async () => {
    const messages = [{ role: 'user', content: 'Will not be answered.' }];
    const answer = await callgate.api.run({ preset: 'helo', messages }, new AbortController().signal);
    assert.ok(answer.kind === 'refused');
    assert.equal(answer.status, 404);
    assert.match(`${answer.message} ${answer.remedy}`, /helo.*hello/s);
  });

  it('says where a draft is wrong', async () => {
    const editor = await openPreset();
    const line = editor.document
      .getText()
      .split('\n')
      .findIndex((text) => text.startsWith('temperature:'));
    assert.ok(await editor.edit((edit) => edit.replace(editor.document.lineAt(line).range, 'temperature: hot')));
    const { ending } = await run('Will not be answered.');
    assert.ok(ending?.kind === 'failed');
    assert.match(ending.message, new RegExp(`line ${line + 1}:.*temperature`));
  });

  /** The spend of the key "editor" once nothing of it is under way. */
  async function quiet(): Promise<number> {
    await callgate.spend.refresh();
    assert.equal(editorKey().in_flight, 0);
    return editorKey().usage;
  }
});

function isRun(document: vscode.TextDocument): boolean {
  return document.uri.scheme === 'callgate-run';
}
