import { openrouter } from './clients/openrouter.ts';
import { conformanceCases } from './support/cases.ts';
import { anthropic } from './support/speak-anthropic.ts';
import { google } from './support/speak-google.ts';
import { openai as openaiDialect } from './support/speak-openai.ts';

for (const dialect of [openaiDialect, anthropic, google]) conformanceCases(openrouter, dialect);
