import { errorBody, type Refusal } from '../errors.ts';
import type { StreamWriter } from '../surfaces/surface.ts';

const same = (text: string) => text;
const nothing = () => '';
const comment = () => ': CALLGATE PROCESSING\n\n';

/** OpenRouter's own stream: what the engine writes, as it is. */
export function chatStream(id: string, now: Date): StreamWriter {
  return { keepAlive: comment, take: same, refuse: (refusal) => lateError(id, refusal, now), end: nothing };
}

/** A refusal that came after the headers had to be sent. */
function lateError(id: string, refusal: Refusal, now: Date): string {
  const chunk = {
    id,
    object: 'chat.completion.chunk',
    created: Math.floor(now.getTime() / 1000),
    model: '',
    ...errorBody(refusal),
    choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
  };
  return `data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`;
}
