/** The thread that owns the syntax trees: a slow or trapping parser never holds up the daemon's calls. */
import { parentPort, workerData } from 'node:worker_threads';
import { findProviderCalls } from './find-provider-calls.ts';
import { sourceOf } from './source.ts';
import { stringLiteralAt } from './string-literal.ts';
import type { SyntaxMessage, SyntaxQuestion, SyntaxReply, WorkerSettings } from './syntax-messages.ts';
import { SyntaxTrees } from './syntax-trees.ts';

const settings: WorkerSettings = workerData;
const trees = new SyntaxTrees(settings.files);
// One at a time: a root node is good only until the next parse.
let turn: Promise<void> = Promise.resolve();

parentPort?.on('message', (message: SyntaxMessage) => {
  turn = turn.then(async () => {
    if (message.kind === 'close') trees.close(message.key);
    else parentPort?.postMessage(await reply(message));
  });
});

async function reply(message: { readonly id: number } & SyntaxQuestion): Promise<SyntaxReply> {
  try {
    const root = await trees.parse(message.key, message.grammar, message.text);
    if (root === null) return { id: message.id, answer: null };
    if (message.kind === 'literals') {
      return { id: message.id, answer: message.offsets.map((offset) => stringLiteralAt(root, offset)) };
    }
    return { id: message.id, answer: findProviderCalls(sourceOf(root, message.text), message.baseUrl) };
  } catch (error) {
    return { id: message.id, error: String(error) };
  }
}
