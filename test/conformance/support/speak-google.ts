import { geminiUsage, type Part } from '../../support/fake-google.ts';
import { type Reply, type Seen, type Speaker, TOKENS } from './script.ts';

type Inline = { inlineData: { mimeType: string; data: string } };
type Call = { id?: string; name: string; args: unknown };
type Result = { id?: string; name: string; response: { output?: string } };
type GooglePart = {
  text?: string;
  thought?: boolean;
  thoughtSignature?: string;
  functionCall?: Call;
  functionResponse?: Result;
} & Partial<Inline>;
type Content = { role: string; parts: GooglePart[] };
type Config = {
  maxOutputTokens?: number;
  temperature?: number;
  stopSequences?: string[];
  responseJsonSchema?: unknown;
  thinkingConfig?: { thinkingLevel?: string };
};

const event = (data: object) => `data: ${JSON.stringify(data)}\r\n\r\n`;
const usage = geminiUsage(TOKENS.prompt, TOKENS.completion);

/** Google's generateContent. */
export const google: Speaker = {
  name: 'google',
  native: (model) => `gemini-3.5-flash-${model}`,
  see: (body): Seen => {
    const contents = body['contents'] as Content[];
    const parts = contents.flatMap((content) => content.parts);
    const config = (body['generationConfig'] ?? {}) as Config;
    const system = (body['systemInstruction'] as { parts: GooglePart[] } | undefined)?.parts ?? [];
    const tools = (body['tools'] ?? []) as { functionDeclarations: { name: string }[] }[];
    return {
      system: system.map(({ text }) => text ?? ''),
      turns: contents.flatMap(turnsOf),
      images: parts.flatMap(({ inlineData }) =>
        inlineData ? [`data:${inlineData.mimeType};base64,${inlineData.data}`] : [],
      ),
      tools: tools.flatMap(({ functionDeclarations }) => functionDeclarations.map(({ name }) => name)),
      maxTokens: config.maxOutputTokens ?? null,
      temperature: config.temperature ?? null,
      stop: config.stopSequences ?? [],
      schema: config.responseJsonSchema ?? null,
      reasons: config.thinkingConfig?.thinkingLevel !== undefined,
      signatures: parts.flatMap(({ thoughtSignature }) => (thoughtSignature ? [thoughtSignature] : [])),
    };
  },
  whole: (reply, model) => ({
    candidates: [{ content: { role: 'model', parts: partsOf(reply) }, finishReason: finishOf(reply), index: 0 }],
    usageMetadata: usage,
    modelVersion: model,
    responseId: 'resp_1',
  }),
  events: (reply, model) => {
    const chunk = (parts: readonly Part[], finishReason?: string) =>
      event({
        candidates: [{ content: { role: 'model', parts }, ...(finishReason ? { finishReason } : {}), index: 0 }],
        usageMetadata: finishReason ? usage : { promptTokenCount: TOKENS.prompt, totalTokenCount: TOKENS.prompt },
        modelVersion: model,
        responseId: 'resp_1',
      });
    return {
      head: reply.reasoning === undefined ? [] : [chunk([{ text: reply.reasoning, thought: true }])],
      pieces: [
        ...(reply.pieces ?? []).map((text) => chunk([{ text }])),
        ...callsOf(reply).map((part) => chunk([part])),
      ],
      tail: [chunk([], finishOf(reply))],
    };
  },
  failure: ({ status, message }) => ({ error: { code: status, message, status: 'UNAVAILABLE' } }),
  failureEvent: ({ status, message }) => event({ error: { code: status, message, status: 'UNAVAILABLE' } }),
};

function partsOf(reply: Reply): readonly Part[] {
  return [
    ...(reply.reasoning === undefined ? [] : [{ text: reply.reasoning, thought: true }]),
    ...(reply.pieces ? [{ text: reply.pieces.join('') }] : []),
    ...callsOf(reply),
  ];
}

/** Of calls made at once the first is signed. */
function callsOf({ calls = [], signature }: Reply): readonly Part[] {
  return calls.map(({ id, name, arguments: given }, at) => ({
    functionCall: { id, name, args: JSON.parse(given) as unknown },
    ...(signature !== undefined && at === 0 ? { thoughtSignature: signature } : {}),
  }));
}

function turnsOf({ role, parts }: Content): string[] {
  const turns: string[] = [];
  const said: string[] = [];
  for (const { text, thought, functionCall, functionResponse, inlineData } of parts) {
    if (functionCall) turns.push(`call ${functionCall.id}: ${functionCall.name}(${JSON.stringify(functionCall.args)})`);
    else if (functionResponse) {
      const { id, response } = functionResponse;
      turns.push(`result ${id}: ${response.output ?? JSON.stringify(response)}`);
    } else if (inlineData) said.push('<image_url>');
    else if (!thought) said.push(text ?? '');
  }
  const speaker = role === 'model' ? 'assistant' : role;
  return said.length > 0 ? [`${speaker}: ${said.join(' ')}`, ...turns] : turns;
}

/** A call of a tool ends as any answer does. */
const finishOf = ({ cutOff }: Reply) => (cutOff ? 'MAX_TOKENS' : 'STOP');
