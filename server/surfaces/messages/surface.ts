import type { Surface } from '../surface.ts';
import { messagesError } from './errors.ts';

/** Anthropic's Messages API. https://platform.claude.com/docs/en/api/messages */
export const messagesSurface: Surface = { name: 'messages', error: messagesError, idHeader: 'request-id' };
