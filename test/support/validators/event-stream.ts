import type * as z from 'zod';
import { chatChunk, errorChunk, usageChunk } from './chat.ts';
import { faultsOf, parsed } from './faults.ts';

const COMMENT = ': OPENROUTER PROCESSING';

/**
 * Every fault of a streamed chat completion, of its bytes as they came: each event by itself, and what holds over all of them. A
 * stream that was broken off by its reader (`whole` false) has no end, and its last event may be half of one.
 */
export function streamFaults(text: string, whole: boolean): readonly string[] {
  const faults: string[] = [];
  const blocks = text.split('\n\n');
  const rest = blocks.pop() ?? '';
  if (whole && rest !== '') faults.push(`the stream ends in the middle of an event: ${rest}`);
  const chunks: Record<string, unknown>[] = [];
  let done = false;
  for (const block of blocks) {
    if (block === COMMENT) continue;
    if (done) faults.push(`an event after [DONE]: ${block}`);
    if (!/^data: [^\n\r]*$/.test(block)) faults.push(`not an event of one data line: ${JSON.stringify(block)}`);
    const data = block.slice('data: '.length);
    if (data === '[DONE]') {
      done = true;
      continue;
    }
    const chunk = parsed(data);
    if (typeof chunk !== 'object' || chunk === null) {
      faults.push(`not a JSON object: ${data}`);
      continue;
    }
    chunks.push(chunk as Record<string, unknown>);
  }
  chunks.forEach((chunk, index) => {
    const last = index === chunks.length - 1 && (done || whole || 'usage' in chunk || 'error' in chunk);
    for (const fault of faultsOf(schemaOf(chunk, last), chunk)) faults.push(`chunk ${index}: ${fault}`);
  });
  for (const member of ['id', 'model', 'provider', 'created']) {
    const values = new Set(chunks.map((chunk) => chunk[member]));
    // A provider may stamp its chunks; the last one is ours.
    if (member !== 'created' && values.size > 1) faults.push(`${member} changes: ${[...values].join(', ')}`);
  }
  if (whole && !done) faults.push('the stream ends without [DONE]');
  if (whole && chunks.length === 0) faults.push('the stream has no chunk');
  return faults;
}

function schemaOf(chunk: Record<string, unknown>, last: boolean): z.ZodType {
  if (!last) return chatChunk;
  return 'error' in chunk ? errorChunk : usageChunk;
}
