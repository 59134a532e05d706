import { openaiAiSdk } from './clients/openai-ai-sdk.ts';
import { conformanceCases } from './support/cases.ts';
import { anthropic } from './support/speak-anthropic.ts';
import { openai as openaiDialect } from './support/speak-openai.ts';

for (const dialect of [openaiDialect, anthropic])
  for (const client of [openaiAiSdk(), openaiAiSdk(false)]) conformanceCases(client, dialect);
