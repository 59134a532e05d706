import { genaiClient } from './clients/genai.ts';
import { conformanceCases } from './support/cases.ts';
import { anthropic } from './support/speak-anthropic.ts';
import { google } from './support/speak-google.ts';
import { openai } from './support/speak-openai.ts';

for (const dialect of [google, anthropic, openai]) conformanceCases(genaiClient, dialect);
