import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AccessPolicy,
  bearerOf,
  checkRequest,
  contentTypeAllowed,
  isLoopbackAddress,
  secretsEqual,
} from '../../server/http/security.ts';

const policy: AccessPolicy = {
  port: 4141,
  allowedHosts: ['gate.example', 'forwarded.example:8443'],
  allowedOrigins: ['https://app.example', 'http://localhost:3000'],
};
const host = '127.0.0.1:4141';

type Case = {
  readonly why: string;
  readonly method?: string;
  readonly url?: string;
  readonly headers: Record<string, string | string[]>;
  readonly remote?: string;
  readonly is: string;
};

const cases: readonly Case[] = [
  { why: 'a program on this machine', headers: { host }, is: 'ok' },
  { why: 'localhost', headers: { host: 'localhost:4141' }, is: 'ok' },
  { why: 'localhost in capitals', headers: { host: 'LOCALHOST:4141' }, is: 'ok' },
  { why: 'IPv6', headers: { host: '[::1]:4141' }, remote: '::1', is: 'ok' },
  { why: 'IPv6 written out', headers: { host: '[0:0:0:0:0:0:0:1]:4141' }, remote: '::1', is: 'ok' },
  { why: 'mapped peer', headers: { host }, remote: '::ffff:127.0.0.1', is: 'ok' },
  { why: 'no Host', headers: {}, is: 'host_denied' },
  { why: 'empty Host', headers: { host: '' }, is: 'host_denied' },
  { why: 'rebinding name', headers: { host: 'evil.example:4141' }, is: 'host_denied' },
  { why: 'rebinding name that looks local', headers: { host: '127.0.0.1.evil.example:4141' }, is: 'host_denied' },
  { why: 'localhost as a label', headers: { host: 'localhost.evil.example:4141' }, is: 'host_denied' },
  { why: 'sub-label of localhost', headers: { host: 'evil.localhost:4141' }, is: 'host_denied' },
  { why: 'trailing dot', headers: { host: 'localhost.:4141' }, is: 'host_denied' },
  { why: 'another port', headers: { host: '127.0.0.1:4142' }, is: 'host_denied' },
  { why: 'no port means 80', headers: { host: '127.0.0.1' }, is: 'host_denied' },
  { why: 'port with a sign', headers: { host: '127.0.0.1:+4141' }, is: 'host_denied' },
  { why: 'user part', headers: { host: '127.0.0.1:4141@evil.example' }, is: 'host_denied' },
  { why: 'user before', headers: { host: 'evil@127.0.0.1:4141' }, is: 'host_denied' },
  { why: 'list', headers: { host: '127.0.0.1:4141, evil.example' }, is: 'host_denied' },
  { why: 'two Host headers', headers: { host: [host, 'evil.example'] }, is: 'host_denied' },
  { why: 'path in Host', headers: { host: '127.0.0.1:4141/x' }, is: 'host_denied' },
  { why: 'short IPv4', headers: { host: '127.1:4141' }, is: 'host_denied' },
  { why: 'decimal IPv4', headers: { host: '2130706433:4141' }, is: 'host_denied' },
  { why: 'any address', headers: { host: '0.0.0.0:4141' }, is: 'host_denied' },
  { why: 'IPv6 without brackets', headers: { host: '::1:4141' }, is: 'host_denied' },
  { why: 'mapped IPv6', headers: { host: '[::ffff:127.0.0.1]:4141' }, is: 'host_denied' },
  { why: 'IPv6 zone', headers: { host: '[::1%25lo]:4141' }, is: 'host_denied' },
  { why: 'nonsense in brackets', headers: { host: '[::::]:4141' }, is: 'host_denied' },
  { why: 'loopback name from afar', headers: { host }, remote: '192.168.1.7', is: 'host_denied' },
  { why: 'listed host from afar', headers: { host: 'gate.example' }, remote: '192.168.1.7', is: 'ok' },
  { why: 'listed host, any port', headers: { host: 'gate.example:9' }, is: 'ok' },
  { why: 'listed host with its port', headers: { host: 'forwarded.example:8443' }, is: 'ok' },
  { why: 'listed host, another port', headers: { host: 'forwarded.example:4141' }, is: 'host_denied' },
  { why: 'below a listed host', headers: { host: 'x.gate.example' }, is: 'host_denied' },
  { why: 'absolute target', url: 'http://evil.example/api/v1/key', headers: { host }, is: 'host_denied' },
  { why: 'OPTIONS *', method: 'OPTIONS', url: '*', headers: { host }, is: 'host_denied' },

  { why: 'foreign origin', headers: { host, origin: 'https://evil.example' }, is: 'origin_denied' },
  { why: 'null origin', headers: { host, origin: 'null' }, is: 'origin_denied' },
  { why: 'empty origin', headers: { host, origin: '' }, is: 'origin_denied' },
  { why: 'our own origin, as it is not listed', headers: { host, origin: `http://${host}` }, is: 'origin_denied' },
  { why: 'webview', headers: { host, origin: 'vscode-webview://abc' }, is: 'origin_denied' },
  { why: 'listed origin', headers: { host, origin: 'https://app.example' }, is: 'ok' },
  { why: 'listed origin, other scheme', headers: { host, origin: 'http://app.example' }, is: 'origin_denied' },
  { why: 'listed origin, other port', headers: { host, origin: 'https://app.example:444' }, is: 'origin_denied' },
  { why: 'listed origin as a prefix', headers: { host, origin: 'https://app.example.evil' }, is: 'origin_denied' },
  { why: 'listed origin with a slash', headers: { host, origin: 'https://app.example/' }, is: 'origin_denied' },
  { why: 'two origins', headers: { host, origin: 'https://app.example, https://evil.example' }, is: 'origin_denied' },
  {
    why: 'bad Host outranks a good origin',
    headers: { host: 'evil', origin: 'https://app.example' },
    is: 'host_denied',
  },

  { why: 'cross-site', headers: { host, 'sec-fetch-site': 'cross-site' }, is: 'cross_site_denied' },
  {
    why: 'same-site is another port of localhost',
    headers: { host, 'sec-fetch-site': 'same-site' },
    is: 'cross_site_denied',
  },
  { why: 'unknown site', headers: { host, 'sec-fetch-site': '' }, is: 'cross_site_denied' },
  { why: 'two sites', headers: { host, 'sec-fetch-site': 'none, cross-site' }, is: 'cross_site_denied' },
  { why: 'typed by hand', headers: { host, 'sec-fetch-site': 'none' }, is: 'ok' },
  { why: 'same origin', headers: { host, 'sec-fetch-site': 'same-origin' }, is: 'ok' },
  { why: 'Node’s own fetch', headers: { host, 'sec-fetch-mode': 'cors' }, is: 'ok' },
  {
    why: 'cross-site of a listed origin',
    headers: { host, origin: 'https://app.example', 'sec-fetch-site': 'cross-site' },
    is: 'ok',
  },
  {
    why: 'form post of a page',
    method: 'POST',
    headers: { host, origin: 'null', 'sec-fetch-site': 'cross-site', 'content-type': 'text/plain' },
    is: 'origin_denied',
  },
];

describe('checkRequest', () => {
  it.each(cases)('$why: $is', ({ method = 'GET', url = '/api/v1/models', headers, remote = '127.0.0.1', is }) => {
    const result = checkRequest({ method, url, headers, remote }, policy);
    expect(result.kind === 'ok' ? 'ok' : result.code).toBe(is);
    if (result.kind === 'refused') expect(result.status).toBe(403);
  });

  it('lets a preflight of a listed origin pass without a bearer, and only that', () => {
    const preflight = (headers: Record<string, string>, method = 'OPTIONS') =>
      checkRequest({ method, url: '/api/v1/key', headers: { host, ...headers }, remote: '127.0.0.1' }, policy);
    const asked = { 'access-control-request-method': 'POST' };
    const origin = 'http://localhost:3000';
    expect(preflight({ origin, ...asked })).toEqual({ kind: 'ok', origin, preflight: true });
    expect(preflight({ origin })).toEqual({ kind: 'ok', origin, preflight: false });
    expect(preflight({ origin, ...asked }, 'POST')).toEqual({ kind: 'ok', origin, preflight: false });
    expect(preflight(asked)).toEqual({ kind: 'ok', origin: null, preflight: false });
    expect(preflight({ origin: 'https://evil.example', ...asked })).toMatchObject({ code: 'origin_denied' });
  });

  it('never lets the origin null pass, even when somebody lists it', () => {
    const listed = { ...policy, allowedOrigins: ['null'] };
    expect(
      checkRequest({ method: 'GET', url: '/', headers: { host, origin: 'null' }, remote: '::1' }, listed),
    ).toMatchObject({
      code: 'origin_denied',
    });
  });

  it('lets no other Host pass, whatever it is', () => {
    const allowed =
      /^(127\.0\.0\.1:4141|localhost:4141|\[[0:.]*1\]:4141|gate\.example(:\d{1,5})?|forwarded\.example:8443)$/i;
    const hostile = fc
      .oneof(
        fc.string(),
        fc.domain(),
        fc.ipV4(),
        fc.ipV6().map((ip) => `[${ip}]`),
      )
      .chain((name) => fc.constantFrom(name, `${name}:4141`, `localhost:4141${name}`, `${name}127.0.0.1:4141`));
    fc.assert(
      fc.property(hostile, (name) => {
        const result = checkRequest({ method: 'GET', url: '/', headers: { host: name }, remote: '127.0.0.1' }, policy);
        expect(result.kind === 'ok').toBe(allowed.test(name));
      }),
    );
  });
});

describe('what a request carries', () => {
  it.each([
    ['application/json', true],
    ['application/json; charset=latin1', true],
    ['Application/JSON ;charset=utf-8', true],
    [' application/json', true],
    [undefined, false],
    ['', false],
    ['text/plain', false],
    ['application/x-www-form-urlencoded', false],
    ['multipart/form-data; boundary=application/json', false],
    ['application/jsonp', false],
    ['application/json-seq', false],
    ['text/plain, application/json', false],
  ])('content type %s: %s', (header, allowed) => {
    expect(contentTypeAllowed(header)).toBe(allowed);
  });

  it.each([
    [{ authorization: 'Bearer k' }, 'k'],
    [{ authorization: 'bearer  k ' }, 'k'],
    [{ 'x-api-key': ' k ' }, 'k'],
    [{ authorization: 'Bearer a', 'x-api-key': 'b' }, 'a'],
    [{ authorization: 'Basic k' }, null],
    [{ authorization: 'Bearer' }, null],
    [{ authorization: 'Bearer a b' }, null],
    [{ authorization: 'k' }, null],
    [{ 'x-api-key': '' }, null],
    [{}, null],
  ])('bearer of %o: %s', (headers, key) => {
    expect(bearerOf(headers)).toBe(key);
  });

  it('compares secrets of any length', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => secretsEqual(a, b) === (a === b)));
    fc.assert(fc.property(fc.string(), (a) => secretsEqual(a, a)));
  });

  it.each([
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['192.168.0.1', false],
    ['::ffff:10.0.0.1', false],
    ['1127.0.0.1', false],
    [undefined, false],
  ])('loopback address %s: %s', (address, is) => {
    expect(isLoopbackAddress(address)).toBe(is);
  });
});
