import { aiSdkAnthropic } from './clients/ai-sdk-anthropic.ts';
import { conformanceCases } from './support/cases.ts';
import { anthropic } from './support/speak-anthropic.ts';
import { openai } from './support/speak-openai.ts';

for (const dialect of [anthropic, openai]) conformanceCases(aiSdkAnthropic, dialect);
