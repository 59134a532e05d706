import { describe, expect, it } from 'vitest';
import { proxyFor } from '../../server/providers/proxy-settings.ts';

const way = (target: string, env: NodeJS.ProcessEnv) => {
  const choice = proxyFor(new URL(target), env);
  return choice.kind === 'proxy' ? choice.url.href : choice.kind === 'direct' ? choice.why : choice.kind;
};
const P = 'http://proxy.example:3128';

describe('the proxy of an address', () => {
  it.each([
    ['https://api.example.com/v1', { HTTPS_PROXY: P }, `${P}/`],
    ['https://api.example.com/v1', { https_proxy: P, HTTPS_PROXY: 'http://other:1' }, `${P}/`],
    ['https://api.example.com/v1', { HTTPS_PROXY: 'proxy.example:3128' }, `${P}/`],
    ['https://api.example.com/v1', { HTTPS_PROXY: 'https://proxy.example' }, 'https://proxy.example/'],
    ['https://api.example.com/v1', { HTTP_PROXY: P }, 'unset'],
    ['http://api.example.com/v1', { HTTP_PROXY: P }, `${P}/`],
    ['http://api.example.com/v1', { HTTPS_PROXY: P }, 'unset'],
    ['https://api.example.com/v1', { HTTPS_PROXY: '  ' }, 'unset'],
    ['https://api.example.com/v1', {}, 'unset'],
    ['https://api.example.com/v1', { HTTPS_PROXY: 'socks5://proxy.example' }, 'wrong'],
    ['https://api.example.com/v1', { HTTPS_PROXY: 'http://[nonsense' }, 'wrong'],
  ])('%s with %j', (target, env, expected) => {
    expect(way(target, env)).toBe(expected);
  });

  it.each([
    'http://127.0.0.1:11434',
    'http://127.1.2.3',
    'http://localhost:1234',
    'http://x.localhost',
    'http://[::1]:8000',
  ])('is never asked for the loopback: %s', (target) => {
    expect(way(target, { HTTP_PROXY: P, HTTPS_PROXY: P })).toBe('loopback');
  });

  it.each([
    ['*', 'https://api.example.com', true],
    ['example.com', 'https://example.com', true],
    ['example.com', 'https://api.example.com', true],
    ['.example.com', 'https://api.example.com', true],
    ['*.example.com', 'https://api.example.com', true],
    ['EXAMPLE.com', 'https://api.Example.com.', true],
    ['example.com', 'https://notexample.com', false],
    ['example.com:8443', 'https://example.com:8443', true],
    ['example.com:8443', 'https://example.com', false],
    ['example.com:443', 'https://example.com', true],
    ['one.test, example.com', 'https://example.com', true],
    ['one.test example.com', 'https://example.com', true],
    ['10.0.0.0/8', 'http://10.1.2.3', true],
    ['10.0.0.0/8', 'http://11.1.2.3', false],
    ['10.0.0.0/99', 'http://10.1.2.3', false],
    ['10.1.2.3', 'http://10.1.2.3', true],
    ['10.1.2.3', 'http://10.1.2.30', false],
    ['10.1.2.3:81', 'http://10.1.2.3', false],
    ['fd00::/8', 'http://[fd12::1]', true],
    ['fd12::1', 'http://[fd12::1]', true],
    ['[fd12::1]', 'http://[fd12::1]', true],
    ['[fd12::1]:8443', 'http://[fd12::1]', false],
    ['[fd12::1]:80', 'http://[fd12::1]', true],
    [',, .', 'https://example.com', false],
    ['', 'https://example.com', false],
  ])('is left out by NO_PROXY=%s for %s: %s', (exceptions, target, left) => {
    const env = { HTTP_PROXY: P, HTTPS_PROXY: P };
    for (const name of ['NO_PROXY', 'no_proxy'])
      expect(way(target, { ...env, [name]: exceptions })).toBe(left ? 'no_proxy' : `${P}/`);
  });
});
