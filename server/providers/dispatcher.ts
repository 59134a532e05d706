import { Agent, Dispatcher, ProxyAgent } from 'undici';
import { namesProxy, proxyFor } from './proxy-settings.ts';

/**
 * The way out for every call to the world: straight, or through the proxies that `env` names. Without any it is a plain agent and
 * costs nothing; with one, the way to each address is decided the first time it is called.
 */
export function outgoingDispatcher(env: NodeJS.ProcessEnv, options: Agent.Options): Dispatcher {
  return namesProxy(env) ? new ByProxy(env, options) : new Agent(options);
}

/** An address whose proxy setting cannot be used is refused: what is to go through a proxy must not go out straight. */
class ByProxy extends Dispatcher {
  readonly #env: NodeJS.ProcessEnv;
  readonly #options: Agent.Options;
  readonly #direct: Agent;
  readonly #proxies = new Map<string, ProxyAgent>();
  readonly #ways = new Map<string, Dispatcher | Error>();

  constructor(env: NodeJS.ProcessEnv, options: Agent.Options) {
    super();
    this.#env = env;
    this.#options = options;
    this.#direct = new Agent(options);
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const origin = String(options.origin);
    let way = this.#ways.get(origin);
    if (!way) {
      way = this.#wayTo(new URL(origin));
      this.#ways.set(origin, way);
    }
    if (way instanceof Error) {
      // Told as undici tells its own failures, so that the handler ends what it has begun.
      if (handler.onError) handler.onError(way);
      else throw way;
      return true;
    }
    return way.dispatch(options, handler);
  }

  override async close(): Promise<void> {
    await Promise.all(this.#all().map((one) => one.close()));
  }

  override async destroy(): Promise<void> {
    await Promise.all(this.#all().map((one) => one.destroy()));
  }

  #all(): readonly Dispatcher[] {
    return [this.#direct, ...this.#proxies.values()];
  }

  #wayTo(origin: URL): Dispatcher | Error {
    const choice = proxyFor(origin, this.#env);
    if (choice.kind === 'direct') return this.#direct;
    if (choice.kind === 'wrong') return new Error(`${choice.variable} ${choice.problem}`);
    const known = this.#proxies.get(choice.url.href);
    if (known) return known;
    const { connect } = this.#options;
    const limits = typeof connect === 'object' ? { proxyTls: connect, requestTls: connect } : {};
    // Plain http is asked for by its whole URL: many proxies let CONNECT through to port 443 alone.
    const proxy = new ProxyAgent({ ...this.#options, ...limits, uri: choice.url.href, proxyTunnel: false });
    this.#proxies.set(choice.url.href, proxy);
    return proxy;
  }
}
