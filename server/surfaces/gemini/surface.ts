import type { Surface } from '../surface.ts';
import { geminiError } from './errors.ts';

/** Google's Gemini API. https://ai.google.dev/api/generate-content */
export const geminiSurface: Surface = { name: 'gemini', error: geminiError };
