import fc from 'fast-check';
import { type PresetConfig, presetConfigSchema } from '../../server/presets/schema.ts';

/** Text with what is hard for YAML: quotes, fences, comments, odd line ends, halves of surrogate pairs. */
export const hardText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(
      '-',
      '#',
      ':',
      ' ',
      '\n',
      '\r',
      '\t',
      '"',
      "'",
      '|',
      '>',
      'a',
      '{',
      ',',
      ']',
      '&',
      '*',
      '\u2028',
      '\ud800',
      '\u0085',
      '\ufeff',
      '%',
      '.',
    ),
  }),
  fc.constantFrom(
    '---',
    '\n---\n',
    'true',
    'null',
    '~',
    '1.5',
    '0x1f',
    '.nan',
    '2001-01-01',
    '<<',
    '- a',
    'a: b',
    '# no comment',
    ' lead',
    'trail ',
    '@preset/x',
    '\r\n',
    '...',
  ),
);

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true, noDefaultInfinity: true });
const json = fc.dictionary(
  hardText.filter((key) => key !== '__proto__'),
  fc.jsonValue().filter((value) => !JSON.stringify(value).includes('__proto__')),
  { maxKeys: 4 },
);
const model = fc.constantFrom('openai/gpt-5-mini', 'anthropic/claude-sonnet-4.6:nitro', '~x/y', '@cf/meta/llama');

export const config: fc.Arbitrary<PresetConfig> = fc
  .record(
    {
      model: fc.oneof(model, fc.constant(null)),
      models: fc.array(model, { maxLength: 3 }),
      provider: fc.record(
        {
          order: fc.array(fc.constantFrom('openai', 'azure/eu'), { maxLength: 3 }),
          sort: fc.oneof(fc.constantFrom('price', 'latency'), fc.constant({ by: 'price', partition: 'none' })),
          max_price: fc.record({ prompt: fc.oneof(fc.constant('0.25'), number(0, 9)) }, { requiredKeys: [] }),
          zdr: fc.boolean(),
        },
        { requiredKeys: [] },
      ),
      temperature: number(0, 2),
      max_tokens: fc.integer({ min: 1, max: 1e6 }),
      seed: fc.maxSafeInteger(),
      stop: fc.oneof(hardText, fc.array(hardText, { maxLength: 4 })),
      reasoning: fc.record({ effort: fc.constantFrom('low', 'none'), exclude: fc.boolean() }, { requiredKeys: [] }),
      response_format: fc.oneof(
        fc.constant({ type: 'json_object' }),
        fc.record({
          type: fc.constant('json_schema'),
          json_schema: fc.record({ name: fc.constant('answer'), schema: json }),
        }),
      ),
      tools: fc.array(
        fc.oneof(
          fc.record({
            type: fc.constant('function'),
            function: fc.record({ name: fc.constantFrom('a', 'b', 'c'), description: hardText, parameters: json }),
          }),
          fc.record({ type: fc.constant('openrouter:web_search'), parameters: json }, { requiredKeys: ['type'] }),
        ),
        { maxLength: 3 },
      ),
      plugins: fc.array(fc.record({ id: fc.constantFrom('web', 'file-parser'), enabled: fc.boolean() }), {
        maxLength: 2,
      }),
      cache_enabled: fc.boolean(),
    },
    { requiredKeys: [] },
  )
  .map((fields) => presetConfigSchema.parse(fields));
