/** The thread that counts tokens: loading the vocabulary, or counting megabytes, never holds up the daemon's calls. */
import { parentPort } from 'node:worker_threads';
import { countText } from './count-text.ts';
import type { CountQuestion, CountReply } from './tokenizer.ts';

parentPort?.on('message', ({ id, texts }: CountQuestion) => {
  parentPort?.postMessage({ id, tokens: texts.map(countText) } satisfies CountReply);
});
