import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../server/daemon/config.ts';
import { builtInProviders } from '../../server/providers/built-in.ts';
import { type CloudAuth, readCredentials } from '../../server/providers/google/cloud-client.ts';
import { loadCloudAuth } from '../../server/providers/google/load-cloud-auth.ts';
import { vertexBase } from '../../server/providers/google/vertex-place.ts';
import { vertexSigner } from '../../server/providers/google/vertex-signer.ts';
import { Providers } from '../../server/providers/registry.ts';
import { geminiFailure } from '../support/fake-google.ts';
import { FakeProvider } from '../support/fake-provider.ts';
import { eventsOf, TestDaemon } from '../support/test-daemon.ts';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const account = {
  type: 'service_account',
  project_id: 'from-the-key',
  private_key_id: 'k1',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  client_email: 'gate@from-the-key.iam.gserviceaccount.com',
};
const signal = new AbortController().signal;
const request = (base: string) => ({
  url: `${base}/models/gemini-3.5-flash:generateContent`,
  headers: { a: 'b' },
  body: '{}',
});

/** Google's token endpoint, as its library calls it. */
function tokens(answers: readonly (readonly [number, object])[]) {
  const asked: { url: string; body: string }[] = [];
  const fetcher = (async (url: string | URL, init: RequestInit) => {
    const [status, body] = answers[Math.min(asked.length, answers.length - 1)] ?? [500, {}];
    asked.push({ url: String(url), body: String(init.body) });
    return Response.json(body, { status });
  }) as unknown as typeof fetch;
  return { asked, fetcher };
}

describe('a place in Google’s cloud', () => {
  it.each([
    ['p', 'global', 'https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google'],
    ['p', 'eu', 'https://aiplatform.eu.rep.googleapis.com/v1/projects/p/locations/eu/publishers/google'],
    [
      'p',
      'europe-west4',
      'https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/europe-west4/publishers/google',
    ],
    [null, 'europe-west4', 'https://aiplatform.googleapis.com/v1/publishers/google'],
  ])('%s in %s is at %s', (project, location, address) => {
    expect(vertexBase(undefined, project, location)).toBe(address);
  });
});

describe('a request to Google’s cloud', () => {
  const place = { project: null, location: null };
  const base = vertexBase(undefined, null, 'global');

  it('is signed by a service account, addressed to its project, and the token kept', async () => {
    const { asked, fetcher } = tokens([[200, { access_token: 'ya29.one', expires_in: 3_600, token_type: 'Bearer' }]]);
    const sign = vertexSigner(place, loadCloudAuth, fetcher);
    const key = JSON.stringify({ ...account, region: 'europe-west4' });
    for (let calls = 0; calls < 3; calls += 1) {
      const signed = await sign(request(base), key, signal);
      expect(signed).toMatchObject({
        kind: 'signed',
        secret: 'ya29.one',
        request: {
          url: 'https://europe-west4-aiplatform.googleapis.com/v1/projects/from-the-key/locations/europe-west4/publishers/google/models/gemini-3.5-flash:generateContent',
          headers: { a: 'b', authorization: 'Bearer ya29.one' },
          body: '{}',
        },
      });
    }
    expect(asked.map(({ url }) => url)).toEqual(['https://oauth2.googleapis.com/token']);
    const assertion = new URLSearchParams(asked[0]?.body).get('assertion') ?? '';
    const claims = JSON.parse(Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString('utf8'));
    expect(claims).toMatchObject({
      iss: account.client_email,
      scope: 'https://www.googleapis.com/auth/cloud-platform',
    });
  });

  it('is not signed by a key that Google refuses, and is once it takes it', async () => {
    const { fetcher } = tokens([
      [400, { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' }],
      [200, { access_token: 'ya29.two', expires_in: 3_600 }],
    ]);
    const sign = vertexSigner({ ...place, project: 'mine' }, loadCloudAuth, fetcher);
    const refused = await sign(request(vertexBase(undefined, 'mine', 'global')), JSON.stringify(account), signal);
    expect(refused).toMatchObject({
      kind: 'unsigned',
      status: 401,
      message: expect.stringContaining('Invalid JWT Signature'),
    });
    expect(JSON.stringify(refused)).not.toContain('PRIVATE KEY');
    const signed = await sign(request(vertexBase(undefined, 'mine', 'global')), JSON.stringify(account), signal);
    expect(signed).toMatchObject({
      kind: 'signed',
      secret: 'ya29.two',
      request: { url: expect.stringContaining('/projects/mine/') },
    });
  });

  it('carries an API key as it is, with or without a project', async () => {
    const none: () => Promise<CloudAuth> = () => Promise.reject(new Error('is not wanted'));
    const signed = await vertexSigner(place, none, fetch)(request(base), 'AQ.key', signal);
    expect(signed).toMatchObject({
      kind: 'signed',
      request: {
        url: 'https://aiplatform.googleapis.com/v1/publishers/google/models/gemini-3.5-flash:generateContent',
        headers: { 'x-goog-api-key': 'AQ.key' },
      },
    });
  });

  it.each([
    ['{', 'it is no JSON'],
    [
      '{"type":"external_account","credential_source":{"url":"http://169.254.169.254/"}}',
      'its type is external_account',
    ],
    ['{"type":"impersonated_service_account"}', 'its type is impersonated_service_account'],
    ['{}', 'its type is undefined'],
  ])('is not signed by %s', async (key, why) => {
    const none: () => Promise<CloudAuth> = () => Promise.reject(new Error('is not wanted'));
    expect(readCredentials(key)).toContain(why);
    const result = await vertexSigner(place, none, fetch)(request(base), key, signal);
    expect(result).toMatchObject({ kind: 'unsigned', status: 401, message: expect.stringContaining(why) });
  });

  it('is not signed by half a key', async () => {
    const half = JSON.stringify({ type: 'service_account', project_id: 'p', private_key: 'secret' });
    const result = await vertexSigner(place, loadCloudAuth, fetch)(request(base), half, signal);
    expect(result).toMatchObject({ kind: 'unsigned', status: 401, message: expect.stringContaining('client_email') });
  });

  it('is given up when the caller goes, and told apart when nobody can be reached', async () => {
    const hangs = (() => new Promise(() => {})) as unknown as typeof fetch;
    const abort = new AbortController();
    const result = vertexSigner(place, loadCloudAuth, hangs)(request(base), JSON.stringify(account), abort.signal);
    abort.abort();
    expect(await result).toEqual({ kind: 'aborted' });
    const client = { headers: () => Promise.reject(new Error('getaddrinfo ENOTFOUND')), project: async () => 'p' };
    const lost = await vertexSigner(place, async () => () => client, fetch)(request(base), null, signal);
    expect(lost).toMatchObject({ kind: 'unsigned', status: 0, message: expect.stringContaining('ENOTFOUND') });
  });

  it('needs a project from somewhere', async () => {
    const client = { headers: async () => ({}), project: async () => null };
    const result = await vertexSigner(place, async () => () => client, fetch)(request(base), null, signal);
    expect(result).toMatchObject({ kind: 'unsigned', message: expect.stringContaining('vertex.project') });
  });
});

describe('the provider google-vertex', () => {
  const find = (env: NodeJS.ProcessEnv) => {
    const provider = builtInProviders(env).find(({ slug }) => slug === 'google-vertex');
    if (!provider) throw new Error('no such provider');
    return provider;
  };

  it('serves Gemini’s models beside AI Studio, but is nobody until somebody wants it', () => {
    const registry = (env: NodeJS.ProcessEnv) => new Providers(builtInProviders(env), { get: () => null }, env);
    const off = registry({ GOOGLE_CLOUD_PROJECT: 'p' });
    const slugs = off.endpoints('google/gemini-3.5-flash').map(({ provider }) => provider.slug);
    expect(slugs).toEqual(expect.arrayContaining(['google-ai-studio', 'google-vertex']));
    expect(off.keyOf(find({}))).toBeUndefined();
    expect(off.keyStanding(find({}))).toBe('missing');
    const env = { GOOGLE_GENAI_USE_VERTEXAI: 'True', GOOGLE_CLOUD_PROJECT: 'p', GOOGLE_CLOUD_LOCATION: 'europe-west4' };
    expect(registry(env).keyOf(find(env))).toBeNull();
    expect(registry(env).keyStanding(find(env))).toBe('ambient');
    expect(find(env).baseUrl()).toBe(vertexBase(undefined, 'p', 'europe-west4'));
    const stored = new Providers(builtInProviders({}), { get: () => '{"type":"service_account"}' }, {});
    expect(stored.keyOf(find({}))).toContain('service_account');
  });

  it('is placed by config.yaml, which must say where every other provider is', () => {
    const problems = (yaml: string) => {
      const config = parseConfig(`providers:\n${yaml}`);
      return config.kind === 'invalid' ? config.problems.join('\n') : '';
    };
    expect(problems('  google-vertex: { vertex: { project: my-project, location: eu } }\n')).toBe('');
    expect(problems('  mine: { vertex: {} , key: stored }\n')).toBe('');
    expect(problems('  mine: { dialect: google }\n')).toContain('base_url');
    expect(problems('  mine: { vertex: {}, dialect: openai }\n')).toContain('must be google');
    expect(problems('  mine: { vertex: { project: "../x" } }\n')).toContain('the id of a project');
    expect(problems('  mine: { vertex: { location: "a.evil.example/" } }\n')).toContain('a region');
  });
});

describe('a call through Google’s cloud', () => {
  let cloud: FakeProvider;
  let sts: Server;
  let daemon: TestDaemon;
  let folder: string;
  let grants = 0;
  const before = process.env['GOOGLE_APPLICATION_CREDENTIALS'];

  beforeAll(async () => {
    cloud = await FakeProvider.start();
    sts = createServer((incoming, response) => {
      incoming.resume();
      incoming.on('end', () => {
        grants += 1;
        response.writeHead(200, { 'content-type': 'application/json' });
        const token = { access_token: 'ya29.ambient', expires_in: 3_600, token_type: 'Bearer' };
        response.end(JSON.stringify({ ...token, issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' }));
      });
    });
    await new Promise<void>((resolve) => sts.listen(0, '127.0.0.1', resolve));
    folder = mkdtempSync(join(tmpdir(), 'callgate-adc-'));
    writeFileSync(join(folder, 'subject'), 'subject-token');
    const file = join(folder, 'adc.json');
    writeFileSync(
      file,
      JSON.stringify({
        type: 'external_account',
        audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: `http://127.0.0.1:${(sts.address() as AddressInfo).port}/token`,
        credential_source: { file: join(folder, 'subject') },
      }),
    );
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = file;
    const pricing = 'pricing: { prompt: "0.000001", completion: "0.00001" }';
    daemon = await TestDaemon.start(
      `providers:\n  google-vertex:\n    base_url: ${cloud.baseUrl}\n    vertex: { project: my-project, location: europe-west4 }\n    models:\n` +
        ['gemini-3.5-flash', 'repeats']
          .map((name) => `      - { id: cloud/${name}, native: ${name}, context_length: 1000, ${pricing} }\n`)
          .join(''),
    );
    cloud.on('repeats', geminiFailure(400, 'INVALID_ARGUMENT', 'ya29.ambient is no good'));
  });

  afterAll(async () => {
    if (before === undefined) delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
    else process.env['GOOGLE_APPLICATION_CREDENTIALS'] = before;
    await daemon.stop();
    await cloud.stop();
    sts.closeAllConnections();
    await new Promise((resolve) => sts.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });

  it('goes out as whoever this machine is, whole and streamed, with one token for all', async () => {
    const { secret } = await daemon.key({ limit: 5 });
    const whole = await daemon.chat(secret, { model: 'cloud/gemini-3.5-flash' });
    expect(whole.status).toBe(200);
    expect(await whole.json()).toMatchObject({ provider: 'Google Vertex', usage: { cost: 0.00006 } });
    const path = '/v1/projects/my-project/locations/europe-west4/publishers/google/models/gemini-3.5-flash';
    expect(cloud.received.at(-1)).toMatchObject({
      path: `${path}:generateContent`,
      headers: { authorization: 'Bearer ya29.ambient' },
    });
    expect(cloud.received.at(-1)?.headers).not.toHaveProperty('x-goog-api-key');
    const events = await eventsOf(await daemon.chat(secret, { model: 'cloud/gemini-3.5-flash', stream: true }));
    expect(events.at(-1)).toBe('[DONE]');
    expect(cloud.received.at(-1)?.path).toBe(`${path}:streamGenerateContent?alt=sse`);
    expect(grants).toBe(1);
  });

  it('never tells the token', async () => {
    const { secret } = await daemon.key({ limit: 5 });
    const refused = await daemon.chat(secret, { model: 'cloud/repeats' });
    const text = await refused.text();
    expect(refused.status).toBe(400);
    expect(text).toContain('[redacted] is no good');
    expect(JSON.stringify(daemon.lines)).not.toContain('ya29.ambient');
  });
});
