import { randomBytes } from 'node:crypto';
import { Acting } from '../admin/acting.ts';
import { audit } from '../admin/audit.ts';
import type { AdminContext } from '../admin/context.ts';
import { furnish, mintFirstKey } from '../admin/first-start.ts';
import { PolicyBook } from '../admin/policy-book.ts';
import { policyParts } from '../admin/policy-file/kinds.ts';
import { Prices } from '../admin/prices.ts';
import { ContentJudge } from '../engine/content/content-judge.ts';
import { Engine } from '../engine/engine.ts';
import { accountRoutes } from '../http/account.ts';
import { analyticsRoutes } from '../http/analytics.ts';
import { createApp } from '../http/app.ts';
import { auditRoutes } from '../http/audit.ts';
import { behaviorRoutes } from '../http/behaviors.ts';
import { byokRoutes } from '../http/byok.ts';
import { callgateRoutes } from '../http/callgate.ts';
import { chatRoutes } from '../http/chat.ts';
import type { HttpContext } from '../http/context.ts';
import { detectRoutes } from '../http/detect.ts';
import { doctorRoutes } from '../http/doctor.ts';
import { geminiRoutes } from '../http/gemini.ts';
import { guardrailRoutes } from '../http/guardrails.ts';
import { healthRoutes } from '../http/health.ts';
import { ioLogRoutes } from '../http/io-log.ts';
import { keyRoutes } from '../http/keys.ts';
import { languageSocket } from '../http/language-socket.ts';
import { lifeRoutes } from '../http/life.ts';
import { messagesRoutes } from '../http/messages.ts';
import { modelRoutes } from '../http/models.ts';
import { observabilityRoutes } from '../http/observability.ts';
import { organizationRoutes } from '../http/organization.ts';
import { permitRoutes } from '../http/permits.ts';
import { policyFileRoutes } from '../http/policy-file.ts';
import { presetFileRoutes, presetRoutes } from '../http/presets.ts';
import { priceRoutes } from '../http/prices.ts';
import { proposalRoutes } from '../http/proposals.ts';
import { responsesRoutes } from '../http/responses.ts';
import { routeRoutes } from '../http/route.ts';
import { sandboxRoutes } from '../http/sandbox.ts';
import { type AccessPolicy, digestOf } from '../http/security.ts';
import { workspaceRoutes } from '../http/workspaces.ts';
import { Ledger } from '../ledger/ledger.ts';
import { Events } from '../observe/events.ts';
import { IoLog } from '../observe/io-log.ts';
import { type DaemonStatus, SERVICE_RESTART } from '../protocol.ts';
import { builtInProviders, sandboxProvider } from '../providers/built-in.ts';
import { ByokKeys } from '../providers/byok.ts';
import { configuredProvider } from '../providers/configured.ts';
import { localProviders } from '../providers/local.ts';
import type { Provider } from '../providers/provider.ts';
import { byokSeal, Providers } from '../providers/registry.ts';
import { Transport } from '../providers/transport.ts';
import { RoutingMemory } from '../routing/memory.ts';
import { openSqliteStore } from '../store/sqlite/open.ts';
import { composeBehaviors } from './behaviors.ts';
import type { Compose, ComposeOptions, Composition } from './composition.ts';
import type { Config } from './config-schema.ts';
import { proofOf } from './discovery.ts';
import { doctorParts } from './doctor-parts.ts';
import { Editors } from './editors.ts';
import { lastProgramUse } from './last-program-use.ts';
import { placeholderKeyIn } from './placeholder-key.ts';
import { jsonFetcher, priceFiles } from './price-store.ts';
import { paths } from './state-folder.ts';

const KEEP_ALIVE_MS = 10_000;
const BODY_LIMIT = 32 * 1024 * 1024;
/** What the attempts of a call share, its waiting included. */
const TIME_BUDGET_MS = 600_000;
/** For the settlements of calls that a stop has cut off. */
const SETTLE_MS = 2_000;

/** Puts the daemon together: store → ledger → providers → engine → routers. */
export const compose: Compose = async (options) => {
  const { log, now, managementKey, vault, env } = options;
  let { config } = options;
  const store = openSqliteStore(paths(options.state).database, now);
  if (store.damagedEntries > 0)
    log.error('entries of the ledger could not be read: its journal is kept as *.damaged', {
      entries: store.damagedEntries,
    });
  const ledger = new Ledger(store);
  const recovered = await ledger.recover();
  if (recovered > 0) log.warn('charged what a killed daemon left open', { calls: recovered });

  let baseUrl = '';
  const sandboxSecret = randomBytes(32).toString('hex');
  const sandbox = sandboxProvider(() => baseUrl, sandboxSecret);
  // Made once: what finds its models by itself must not forget them when config.yaml is read again.
  const builtIn = [sandbox, ...localProviders(), ...builtInProviders(env)];
  const byok = new ByokKeys({
    rows: store.byok.all,
    organizationOf: (workspaceId) => store.workspaces.get(workspaceId)?.organizationId ?? null,
    secretOf: (key) => vault.unseal(byokSeal(key), key.sealed),
  });
  const providers = new Providers(allProviders(config, builtIn, env), vault, env, byok);
  const events = new Events();
  const memory = new RoutingMemory();
  const transport = new Transport(env);
  const ioLog = await IoLog.open(store.ioLog, log, now);
  const policies = new PolicyBook(store);
  const admin: AdminContext = {
    store,
    policyOf: policies.policyOf,
    ledger,
    providers,
    events,
    ioLog,
    log,
    acting: new Acting(),
    secrets: vault,
    now,
    standing: (id) => memory.standing(id, now().getTime()),
  };
  const prices = new Prices({ admin, files: priceFiles(options.state), fetchJson: jsonFetcher(env) });
  await prices.restore();
  const behaviors = await composeBehaviors(admin, () => Math.min(config.server.permit_wait * 1000, TIME_BUDGET_MS));
  const engine = new Engine({
    presets: store.presets,
    workspaces: store.workspaces,
    behaviors: behaviors.parts,
    standings: (layers) => store.ledger.standings(layers),
    keys: store.keys,
    policyOf: policies.policyOf,
    content: new ContentJudge(placeholderKeyIn(options.state)),
    ledger,
    providers,
    memory,
    random: options.random ?? Math.random,
    transport,
    events,
    log,
    now,
    get queueWaitMs() {
      return config.server.queue_wait * 1000;
    },
    timeBudgetMs: TIME_BUDGET_MS,
    get responseCacheBytes() {
      return config.server.response_cache;
    },
  });
  await furnish(admin, config.defaults.editor_key_limit);

  const context: HttpContext = {
    admin,
    engine,
    managementDigest: digestOf(managementKey).bytes,
    keepAliveMs: options.keepAliveMs ?? KEEP_ALIVE_MS,
    proof: (nonce) => proofOf(managementKey, nonce),
  };
  let access: AccessPolicy = accessOf(config, 0);
  const policy = () => access;
  const app = createApp({
    context,
    policy,
    log,
    bodyLimit: config.server.body_limit ?? BODY_LIMIT,
    requestTimeoutMs: Math.ceil(config.server.request_timeout * 1000),
  });
  const editors = new Editors({ admin, baseUrl: () => baseUrl });
  healthRoutes(app, context);
  chatRoutes(app, context);
  messagesRoutes(app, context);
  responsesRoutes(app, context);
  geminiRoutes(app, context);
  keyRoutes(app, context);
  guardrailRoutes(app, context);
  detectRoutes(app, context);
  workspaceRoutes(app, context);
  organizationRoutes(app, context);
  behaviorRoutes(app, behaviors.house);
  permitRoutes(app, behaviors.house);
  proposalRoutes(app, context, behaviors.house);
  modelRoutes(app, context);
  accountRoutes(app, context);
  analyticsRoutes(app, context);
  byokRoutes(app, context);
  observabilityRoutes(app, context);
  priceRoutes(app, prices);
  ioLogRoutes(app, context);
  doctorRoutes(app, doctorParts(options, admin));
  presetRoutes(app, context);
  routeRoutes(app, context);
  auditRoutes(app, context);
  policyFileRoutes(
    app,
    policyParts(behaviors.house, (name) => options.env[name]),
  );
  presetFileRoutes(app, context);
  sandboxRoutes(app, sandboxSecret);
  callgateRoutes(app, context, {
    status: () => statusOf(options, admin, editors),
    stop: options.requestStop,
    setProviderKey: vault.set,
    deleteProviderKey: vault.delete,
  });
  lifeRoutes(app, { reload: options.reloadConfig, handOff: options.handOff });
  const sockets = languageSocket(app, context, policy, (socket) => {
    editors.attach(socket).catch((error: unknown) => {
      log.error('an editor could not be served', { error: String(error) });
      socket.terminate();
    });
  });
  app.addHook('preClose', async () => {
    behaviors.dismiss();
    sockets.close();
  });

  return {
    app,
    setBaseUrl: (url) => {
      baseUrl = url;
      access = accessOf(config, Number(new URL(url).port));
    },
    reconfigure: (next) => {
      providers.replace(allProviders(next, builtIn, env));
      recordConfig(admin, config, next);
      config = next;
      access = accessOf(next, access.port);
      events.emit({ kind: 'changed', changed: { what: 'providers' } });
    },
    inFlight: () => ledger.inFlight,
    lastProgramUse: () => lastProgramUse(store),
    dismissEditors: () => sockets.close(SERVICE_RESTART, 'another version takes over'),
    tellConfig: (standing) => events.emit({ kind: 'config', standing }),
    mintFirstKey: () => mintFirstKey(admin),
    close: async () => {
      editors.close();
      // Calls that were cut off settle what they came to: left open, the next start could only guess.
      await ledger.idle(SETTLE_MS);
      await behaviors.close();
      await transport.close();
      await ioLog.close();
      await store.close();
    },
  } satisfies Composition;
};

/** Which settings there were and are, not what they say: an address may hold a password. */
function recordConfig(admin: AdminContext, before: Config, after: Config): void {
  const view = (config: Config) => ({
    digest: digestOf(JSON.stringify(config)).hex,
    providers: Object.keys(config.providers),
  });
  if (view(before).digest === view(after).digest) return;
  const change = { action: 'config.reload', target: 'config.yaml', before: view(before), after: view(after) };
  audit(admin, change).catch((error: unknown) =>
    admin.log.error('a change of config.yaml was not recorded', { error }),
  );
}

function accessOf({ server }: Config, port: number): AccessPolicy {
  return { port, allowedHosts: server.allowed_hosts, allowedOrigins: server.allowed_origins };
}

/** What config.yaml names comes first, in its order; then what is built in, a router last. */
function allProviders(config: Config, builtIn: readonly Provider[], env: NodeJS.ProcessEnv): readonly Provider[] {
  const configured = Object.entries(config.providers).map(([slug, entry]) =>
    configuredProvider(
      slug,
      entry,
      builtIn.find((provider) => provider.slug === slug),
      env,
    ),
  );
  const slugs = new Set(configured.map((provider) => provider.slug));
  const rest = builtIn.filter((provider) => !slugs.has(provider.slug));
  return [...configured, ...rest].toSorted((a, b) => Number(a.isRouter) - Number(b.isRouter));
}

async function statusOf(options: ComposeOptions, admin: AdminContext, editors: Editors): Promise<DaemonStatus> {
  const info = options.info();
  if (!info) throw new Error('the daemon does not listen yet');
  const { store, ledger, now } = admin;
  const config = options.configStanding();
  return {
    ...info,
    uptime_seconds: Math.floor((now().getTime() - Date.parse(info.started_at)) / 1000),
    in_flight: ledger.inFlight,
    editors: editors.count,
    keys: (await store.keys.list()).length,
    presets: (await store.presets.list((await store.workspaces.default()).id)).length,
    config_error: config.problems.length > 0 ? config.problems.join('\n') : null,
    config_path: config.path,
    config_restart: [...config.restart],
    handing_over_to: options.handingOverTo(),
    on_demand: options.onDemand,
  };
}
