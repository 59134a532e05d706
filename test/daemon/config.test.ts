import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadConfig, parseConfig } from '../../server/daemon/config.ts';

const full = `# a person's own
providers:
  acme:
    name: Acme
    dialect: openai
    base_url: https://api.acme.example/v1/
    key: env:ACME_KEY
    headers: { X-Team: blue }
    timeout: 30s
    models:
      - id: acme/large
        native: large-2
        context_length: 128000
        max_completion_tokens: 4096
        pricing: { prompt: "0.0000015", completion: 0.000006 }
        supported_parameters: [tools, temperature]
  local:
    base_url: http://127.0.0.1:9000/v1
server:
  port: 5000
  allowed_hosts: [gate.example, "box:8443", "[fd00::1]:4141"]
  allowed_origins: ["https://app.example", "http://localhost:3000"]
  body_limit: 10mb
  request_timeout: 1m
  queue_wait: 500ms
  permit_wait: 2m
defaults:
  editor_key_limit: 2.5
`;

function problems(text: string): readonly string[] {
  const result = parseConfig(text);
  if (result.kind === 'ok') throw new Error('expected problems');
  return result.problems;
}

describe('config.yaml', () => {
  it('is read whole, prices letter by letter', () => {
    const result = parseConfig(full);
    expect(result).toMatchObject({ kind: 'ok' });
    if (result.kind !== 'ok') return;
    expect(result.config).toEqual({
      providers: {
        acme: {
          name: 'Acme',
          dialect: 'openai',
          base_url: 'https://api.acme.example/v1',
          key: 'env:ACME_KEY',
          headers: { 'X-Team': 'blue' },
          timeout: 30,
          models: [
            {
              id: 'acme/large',
              native: 'large-2',
              context_length: 128_000,
              max_completion_tokens: 4_096,
              pricing: { prompt: '0.0000015', completion: '0.000006' },
              supported_parameters: ['tools', 'temperature'],
            },
          ],
        },
        local: { base_url: 'http://127.0.0.1:9000/v1' },
      },
      server: {
        port: 5_000,
        allowed_hosts: ['gate.example', 'box:8443', '[fd00::1]:4141'],
        allowed_origins: ['https://app.example', 'http://localhost:3000'],
        body_limit: 10_485_760,
        request_timeout: 60,
        queue_wait: 0.5,
        permit_wait: 120,
        idle_exit: 15,
        response_cache: 33_554_432,
      },
      defaults: { editor_key_limit: 2.5 },
    });
  });

  it.each(['', '# nothing but words\n', 'server:\n  # port: 1\nproviders:\n', '{}'])('has defaults for %j', (text) => {
    expect(parseConfig(text)).toEqual({
      kind: 'ok',
      config: {
        providers: {},
        server: {
          allowed_hosts: [],
          allowed_origins: [],
          request_timeout: 30,
          queue_wait: 30,
          permit_wait: 60,
          idle_exit: 15,
          response_cache: 33_554_432,
        },
        defaults: { editor_key_limit: 5 },
      },
    });
  });

  it('may be missing', () => {
    expect(loadConfig('/nonexistent/config.yaml')).toMatchObject({ kind: 'ok' });
  });

  it('names the file, the line and the column of each problem, in order', () => {
    const folder = mkdtempSync(join(tmpdir(), 'callgate-config-'));
    try {
      const file = join(folder, 'mine.yaml');
      writeFileSync(file, 'servr:\n  port: 1\nserver:\n  port: seventy\n  qeue_wait: 3\n');
      expect(loadConfig(file)).toEqual({
        kind: 'invalid',
        problems: [
          'mine.yaml:1:1: unknown key "servr". Did you mean "server"?',
          'mine.yaml:4:9: server.port expected number, received string',
          'mine.yaml:5:3: unknown key "qeue_wait" in server. Did you mean "queue_wait"?',
        ],
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  const provider = (lines: string) => `providers:\n  x:\n    base_url: https://x.example/v1\n${lines}`;
  it.each([
    ['providers:\n  x: {}\n', /^config\.yaml:2:3: providers\.x\.base_url is missing/],
    ['providers:\n  x:\n    base_url: ftp://x\n', /^config\.yaml:3:15: .*https:\/\/ or http:\/\//],
    ['providers:\n  x:\n    base_url: https://u:p@x.example\n', /:3:15: .*must not hold a user or password/],
    ['providers:\n  x:\n    base_url: https://x.example/v1?key=1\n', /:3:15: .*query/],
    ['providers:\n  x:\n    base_url: https://x.example/v1?\n', /:3:15: .*query/],
    ['providers:\n  "Not a slug":\n    base_url: https://x.example\n', /:2:3: providers\.Not a slug must be a slug/],
    ['providers:\n  callgate:\n    base_url: https://x.example\n', /:2:3: providers\.callgate is the daemon’s own/],
    [provider('    key: sk-live-abcdef\n'), /:4:10: providers\.x\.key must be env:NAME or stored/],
    [provider('    dialect: cobol\n'), /:4:14: .*must be openai/],
    [provider('    timeout: 0\n'), /:4:14: /],
    [provider('    timeout: soon\n'), /:4:14: /],
    [provider('    headers: { "a b": c }\n'), /:4:16: .*not a valid header name/],
    [provider('    headers: { Host: c }\n'), /:4:16: .*Callgate sets itself/],
    [provider('    headers: { a: "x\\r\\ny: z" }\n'), /:4:19: .*not a valid header value/],
    [provider('    models: [{ id: noslash }]\n'), /:4:20: .*vendor\/model/],
    [provider('    models: [{ id: a/b }, { id: a/b }]\n'), /:4:33: .*listed twice/],
    ['server:\n  allowed_origins: ["*"]\n', /:2:21: .*exact origin/],
    ['server:\n  allowed_origins: ["null"]\n', /:2:21: .*exact origin/],
    ['server:\n  allowed_origins: ["https://a.example/"]\n', /:2:21: .*exact origin/],
    ['server:\n  allowed_hosts: ["*.example"]\n', /:2:19: .*no wildcards/],
    ['server:\n  port: 70000\n', /:2:9: /],
    ['server: 3\n', /:1:9: server expected object/],
    ['defaults:\n  editor_key_limit: -1\n', /:2:21: /],
    ['- a\n', /^config\.yaml:1:1: the file expected object/],
    ['server: {port: 1}\nserver: {port: 2}\n', /^config\.yaml:2:1: .*unique/],
    ['server: {port: 1\n', /^config\.yaml:\d+:\d+: /],
    ['a: &x [1]\nb: *x\n', /anchors and aliases/],
  ])('%j is refused', (text, expected) => {
    expect(problems(text).join('\n')).toMatch(expected);
  });

  it.each(['-0.1', '1e-6', '.5', '0x1', '"0.0000000000000001"', '1_000', '""', 'null', '[1]', '"1 "', 'NaN', '.inf'])(
    'a price of %s is refused',
    (price) => {
      const text = provider(`    models:\n      - id: a/b\n        pricing: { prompt: ${price}, completion: "0" }\n`);
      expect(problems(text)).toEqual([
        expect.stringMatching(/^config\.yaml:6:\d+: providers\.x\.models\.0\.pricing\.prompt must/),
      ]);
    },
  );

  it('keeps any exact decimal as it is written, with quotes or without', () => {
    const decimal = fc
      .tuple(fc.nat(99_999), fc.stringMatching(/^[0-9]{1,15}$/))
      .map(([whole, part]) => `${whole}.${part}`);
    fc.assert(
      fc.property(decimal, fc.boolean(), (price, quoted) => {
        const written = quoted ? `'${price}'` : price;
        const result = parseConfig(
          provider(`    models: [{ id: a/b, pricing: { prompt: ${written}, completion: 1 } }]\n`),
        );
        expect(result).toMatchObject({
          config: { providers: { x: { models: [{ pricing: { prompt: price, completion: '1' } }] } } },
        });
      }),
    );
  });

  it('never quotes a value, which may be a key', () => {
    const secret = 'sk-live-0123456789abcdef';
    for (const text of [
      provider(`    key: ${secret}\n`),
      provider(`    key: [${secret}\n`),
      provider(`    timeout: ${secret}\n`),
      provider(`    headers: { Authorization: a }\n  ]${secret}\n`),
      provider('').replace('base_url', `${secret} ]\n}base_url`),
      `}\n${secret}\n`,
      `%${secret} x\n---\n{}`,
      `server: !${secret} {}`,
      `server: !<${secret}> {}`,
      `server: |${secret}\n  x`,
    ]) {
      expect(problems(text).join('\n')).not.toContain(secret);
    }
  });

  it('answers any text, and never throws', () => {
    const word = fc.constantFrom(
      'providers:',
      'server:',
      ' ',
      '\n',
      '  ',
      '- ',
      '{',
      '}',
      '[',
      '"',
      ':',
      '&a',
      '*a',
      '<<:',
      '\t',
      '?',
      '!!x',
      '%',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word).map((words) => words.join('')),
        ),
        (text) => {
          const result = parseConfig(text);
          if (result.kind === 'invalid') {
            expect(result.problems.length).toBeGreaterThan(0);
            for (const problem of result.problems) expect(problem).toMatch(/^config\.yaml:\d+:\d+: \S/);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
