import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Transport } from '../../server/providers/transport.ts';
import { type Certificate, certificate } from '../support/certificates.ts';
import { FakeProvider } from '../support/fake-provider.ts';
import { HttpProxy, type ProxyOptions } from '../support/http-proxy.ts';

const NAME = 'upstream.test';
let own: Certificate;
const ends: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  own = await certificate({ name: NAME, isAuthority: true });
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function tlsUpstream(): Promise<number> {
  const server = createServer(own, (incoming, response) => {
    response.setHeader('content-type', 'text/plain');
    response.end(`${incoming.method} ${incoming.url} ${incoming.headers['proxy-authorization'] ?? 'no proxy header'}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

async function proxyTo(port: number, options: ProxyOptions = {}): Promise<HttpProxy> {
  const proxy = await HttpProxy.start(port, options);
  ends.push(() => proxy.stop());
  return proxy;
}

/** Both ways of the transport, which must come to the same. */
async function call(url: string, env: NodeJS.ProcessEnv) {
  const streamed = await callStreamed(url, env);
  const transport = new Transport(env);
  ends.push(() => transport.close());
  const whole = await transport.exchange(
    { url, headers: { authorization: 'Bearer sk-provider' }, body: '{}' },
    { signal: new AbortController().signal, headersTimeoutMs: 5_000, timeoutMs: 5_000 },
  );
  expect(whole.kind === 'whole' ? { status: whole.status, text: whole.body.toString() } : whole).toEqual(streamed);
  return streamed;
}

async function callStreamed(url: string, env: NodeJS.ProcessEnv) {
  const transport = new Transport(env);
  ends.push(() => transport.close());
  const answer = await transport.send(
    { url, headers: { authorization: 'Bearer sk-provider' }, body: '{}' },
    { signal: new AbortController().signal, headersTimeoutMs: 5_000 },
  );
  if (answer.kind === 'no_answer') return answer;
  let text = '';
  for await (const chunk of answer.body) text += chunk;
  return { status: answer.status, text };
}

/** Trusts the test's own authority while `work` runs, as NODE_EXTRA_CA_CERTS does for a whole process. */
async function trusting<T>(work: () => Promise<T>): Promise<T> {
  const before = getCACertificates('default');
  setDefaultCACertificates([...before, own.cert]);
  try {
    return await work();
  } finally {
    setDefaultCACertificates(before);
  }
}

describe('calls behind a proxy', () => {
  it('go to a TLS upstream through a tunnel, and the upstream sees nothing of the proxy', async () => {
    const proxy = await proxyTo(await tlsUpstream(), { auth: 'me:p@ss' });
    const answer = await trusting(() => call(`https://${NAME}/v1/x`, { HTTPS_PROXY: proxy.url('me:p%40ss') }));
    expect(answer).toEqual({ status: 200, text: 'POST /v1/x no proxy header' });
    expect(proxy.asked).toEqual([`CONNECT ${NAME}:443`, `CONNECT ${NAME}:443`]);
  });

  it('do not trust whom the tunnel leads to', async () => {
    const proxy = await proxyTo(await tlsUpstream());
    const answer = await call(`https://${NAME}/v1/x`, { https_proxy: proxy.url() });
    expect(answer).toMatchObject({ kind: 'no_answer', reason: 'connect' });
    expect(proxy.asked).toEqual([`CONNECT ${NAME}:443`, `CONNECT ${NAME}:443`]);
  });

  it('ask for plain http by the whole URL', async () => {
    const provider = await FakeProvider.start();
    ends.push(() => provider.stop());
    const proxy = await proxyTo(Number(new URL(provider.baseUrl).port), { auth: 'me:secret' });
    const answer = await call(`http://${NAME}/v1/x`, { HTTP_PROXY: proxy.url('me:secret') });
    expect(answer).toMatchObject({ status: 200 });
    expect(proxy.asked).toEqual([`POST http://${NAME}/v1/x`, `POST http://${NAME}/v1/x`]);
    expect(provider.received[0]?.headers).toMatchObject({ authorization: 'Bearer sk-provider', host: NAME });
    expect(provider.received[0]?.headers).not.toHaveProperty('proxy-authorization');
  });

  it.each([`https://${NAME}/v1/x`, `http://${NAME}/v1/x`])(
    'fail as unconnected when it wants a password: %s',
    async (url) => {
      const proxy = await proxyTo(await tlsUpstream(), { auth: 'me:secret' });
      const answer = await call(url, { HTTPS_PROXY: proxy.url(), HTTP_PROXY: proxy.url() });
      expect(answer).toMatchObject({ kind: 'no_answer', reason: 'connect', detail: expect.stringContaining('407') });
    },
  );

  it('never go out straight when the setting cannot be used', async () => {
    const answer = await call(`https://${NAME}/v1/x`, { HTTPS_PROXY: 'socks4://127.0.0.1:1' });
    expect(answer).toMatchObject({
      reason: 'connect',
      detail: expect.stringContaining('HTTPS_PROXY names a socks4 proxy'),
    });
  });

  it('leave the proxy alone on the loopback and where NO_PROXY says so', async () => {
    const provider = await FakeProvider.start();
    ends.push(() => provider.stop());
    const proxy = await proxyTo(Number(new URL(provider.baseUrl).port));
    const env = { HTTP_PROXY: proxy.url(), NO_PROXY: NAME };
    expect(await call(`${provider.baseUrl}/x`, env)).toMatchObject({ status: 200 });
    expect(await call(`http://${NAME}:1/x`, env)).toMatchObject({ kind: 'no_answer', reason: 'connect' });
    expect(proxy.asked).toEqual([]);
  });
});
