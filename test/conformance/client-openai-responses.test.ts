import { openaiResponses } from './clients/openai-responses.ts';
import { conformanceCases } from './support/cases.ts';
import { anthropic } from './support/speak-anthropic.ts';
import { openai as openaiDialect } from './support/speak-openai.ts';

for (const dialect of [openaiDialect, anthropic]) conformanceCases(openaiResponses, dialect);
