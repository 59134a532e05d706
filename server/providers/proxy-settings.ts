import { BlockList, isIP } from 'node:net';

/** Which proxy a call goes through: `proxy` null for none; `wrong` for a setting that names no usable proxy. */
export type ProxyChoice =
  | { readonly kind: 'direct'; readonly why: 'loopback' | 'no_proxy' | 'unset' }
  | { readonly kind: 'proxy'; readonly url: URL; readonly variable: string }
  | { readonly kind: 'wrong'; readonly variable: string; readonly problem: string };

type Variable = { readonly name: string; readonly value: string };

/**
 * The proxy that `env` names for `target`, as curl reads it: `HTTPS_PROXY` for https, `HTTP_PROXY` for http, `NO_PROXY` for what goes
 * without; the lower-case spelling wins. A loopback address never goes through a proxy: it would be the proxy's own loopback.
 */
export function proxyFor(target: URL, env: NodeJS.ProcessEnv): ProxyChoice {
  const host = hostOf(target);
  const setting = variable(env, target.protocol === 'https:' ? 'https_proxy' : 'http_proxy');
  if (isLoopback(host)) return { kind: 'direct', why: 'loopback' };
  if (!setting) return { kind: 'direct', why: 'unset' };
  const port = Number(target.port) || (target.protocol === 'https:' ? 443 : 80);
  const { value: exceptions } = variable(env, 'no_proxy') ?? { value: '' };
  if (exceptions.split(/[\s,]+/).some((entry) => entry !== '' && covers(entry, host, port)))
    return { kind: 'direct', why: 'no_proxy' };
  return proxyIn(setting);
}

/** Whether any proxy is set at all; without one nothing need be asked for each address. */
export function namesProxy(env: NodeJS.ProcessEnv): boolean {
  return variable(env, 'https_proxy') !== null || variable(env, 'http_proxy') !== null;
}

function variable(env: NodeJS.ProcessEnv, name: string): Variable | null {
  for (const spelling of [name, name.toUpperCase()]) {
    const value = env[spelling]?.trim();
    if (value) return { name: spelling, value };
  }
  return null;
}

/** `proxy.example:3128` is what many write; a password stays out of what is said about it. */
function proxyIn({ name, value }: Variable): ProxyChoice {
  const text = value.includes('://') ? value : `http://${value}`;
  const wrong = (problem: string): ProxyChoice => ({ kind: 'wrong', variable: name, problem });
  if (!URL.canParse(text)) return wrong('is not a URL');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return wrong(`names a ${url.protocol.slice(0, -1)} proxy; only http and https proxies can be used`);
  return { kind: 'proxy', url, variable: name };
}

/** Lower case, without the brackets of IPv6 and without a last dot. */
function hostOf(url: URL): string {
  return url.hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}

/** `localhost` and all under it, 127.0.0.0/8, ::1. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost') || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

/** One entry of NO_PROXY: `*`, a name with all under it, an address, a CIDR range; each but the last with a port or without. */
function covers(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  const [, name = '', ownPort] = /^(\[[^\]]*\]|[^:]*|[^:]*:[^:]*:.*?)(?::(\d+))?$/.exec(entry) ?? [];
  if (name === '' || (ownPort !== undefined && isIP(entry) === 0 && Number(ownPort) !== port)) return false;
  if (name.includes('/')) return isInRange(name, host);
  const bare = (isIP(entry) === 6 ? entry : name).toLowerCase().replace(/^\[|\]$/g, '');
  if (isIP(bare) !== 0) return isIP(host) !== 0 && isInRange(`${bare}/${isIP(bare) === 4 ? 32 : 128}`, host);
  const domain = bare.replace(/^\*?\./, '').replace(/\.$/, '');
  return domain !== '' && (host === domain || host.endsWith(`.${domain}`));
}

function isInRange(range: string, host: string): boolean {
  const [network = '', bits = ''] = range.replace(/^\[|\]$/g, '').split('/');
  const version = isIP(network);
  if (version === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (version === 4 ? 32 : 128)) return false;
  if (isIP(host) === 0) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(bits), version === 4 ? 'ipv4' : 'ipv6');
  return list.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6');
}
