import { anthropic0Client, anthropicClient } from './clients/anthropic.ts';
import { conformanceCases } from './support/cases.ts';
import { anthropic } from './support/speak-anthropic.ts';
import { openai } from './support/speak-openai.ts';

for (const client of [anthropicClient, anthropic0Client])
  for (const dialect of [anthropic, openai]) conformanceCases(client, dialect);
