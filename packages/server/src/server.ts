import { readFileSync } from 'node:fs';
import { keys } from '@taas/model';
import { createPortLookup } from '@taas/neutron';
import { createPolicy, defaultRules, loadPolicyFile, type Policy } from '@taas/policy';
import { type Clock, type Health, type HealthServer, type Logger, startHealthServer } from '@taas/service';
import { campaign, type Store, type V2Follower } from '@taas/store';
import { boundPorts, neutronPorts } from './admission/port-directory.js';
import { createApi, type NeutronBehind } from './api/create-api.js';
import { createAudit } from './audit/audit.js';
import { type Authenticator, closedAuthenticator } from './auth/authenticator.js';
import { developmentAuthenticator } from './auth/development.js';
import { keystoneAuthenticator } from './auth/keystone.js';
import { openKeystone, openNeutron } from './cloud.js';
import { Compiler } from './compiler/compiler.js';
import { describePolicy, type ServerConfig, segmentPolicy } from './config.js';
import { type BindingsFrom, PortKeeper } from './ports/port-keeper.js';
import { HandOverLog } from './status/hand-over-log.js';
import { LiveView } from './view/live-view.js';
import { everything } from './view/touch.js';

export interface ServerDeps {
  /** Closed by whoever made it, after {@link Server.stop}. */
  readonly store: Store;
  /** Follows networking-vpp's keys, for `networking_vpp.bindings` etcd-v2; closed by whoever made it. */
  readonly v2?: V2Follower;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  /** A new UUID at each call. */
  readonly newId: () => string;
  /** Who this replica is in the election; for people. */
  readonly replica: string;
}

export interface Server {
  /** Listens and begins to follow etcd. @throws the error of listen(2), for instance EADDRINUSE */
  start(): Promise<void>;
  /** Finishes the requests under way, gives up leadership, and ends. Safe to call twice. */
  stop(): Promise<void>;
  /** Where the API listens, as `http://host:port`. @throws before start */
  readonly address: string;
  /** Where /healthz and /readyz listen. @throws before start */
  readonly healthAddress: string;
  /** Whether this replica's compiler is the one that writes. */
  readonly leading: boolean;
  /** Aborts if the server cannot go on; its reason says why. */
  readonly failed: AbortSignal;
}

/**
 * Puts a server together; nothing happens before `start`.
 * @throws UnsafeListenError for development mode on an address that others can reach
 */
export function createServer(config: ServerConfig, deps: ServerDeps): Server {
  const { clock, logger, random, newId } = deps;
  const rules = rulesOf(config, logger);
  const challenge = `Keystone uri="${config.auth.www_authenticate_uri}"`;
  const cloud = { clock, random, logger };
  const keystone = config.auth.mode === 'keystone' ? openKeystone(config.auth.keystone, cloud) : null;
  const authenticator = keystone
    ? keystoneAuthenticator(keystone.validator, challenge)
    : authenticatorWithout(config, challenge);
  const policy = segmentPolicy(config);
  const bindings = bindingsOf(config, deps);
  const placesFrom = bindings.from === 'etcd-v3' ? 'bound-ports' : 'records';
  const live = new LiveView(deps.store, clock, logger.child({ part: 'view' }), placesFrom);
  const audit = createAudit(config.audit, { ...deps, live, logger: logger.child({ part: 'audit' }) });
  const { store } = audit;
  const compiler = new Compiler({ store, live, policy, clock, random, logger: logger.child({ part: 'compiler' }) });
  const moves = new HandOverLog(live.view, clock, logger.child({ part: 'moves' }));
  const { limits: given, neutron: neutronConfig } = config;
  const limits = {
    ...{ bodyBytes: given.body_bytes, bodyDepth: given.body_depth, bulkItems: given.bulk_items },
    ...{ headerBytes: given.header_bytes, requestMs: given.request_ms, catchUpMs: given.catch_up_ms },
  };
  const neutron =
    keystone && neutronConfig.url !== '' ? openNeutron(neutronConfig, keystone.serviceTokens, cloud) : null;
  const lookup = neutron && createPortLookup({ client: neutron.client, clock, maxAgeMs: neutronConfig.port_cache_ms });
  const portDeleted = (port: string) => lookup?.forget(port);
  const keeper = new PortKeeper({
    ...{ store, live, bindings, portDeleted, clock, random, logger: logger.child({ part: 'ports' }) },
    behalves: audit.behalves,
    neutron: neutron && { client: neutron.client, pollMs: neutronConfig.poll_ms },
    catchUpMs: limits.catchUpMs,
  });
  const api = createApi({
    ...{ store, live, authenticator, policy, clock, newId, limits, rules, quotas: config.quotas },
    ports: lookup ? neutronPorts(lookup) : boundPorts(live.view),
    place: (port) => keeper.place(port),
    audit,
    logger: logger.child({ part: 'api' }),
    rate: { perSecond: config.rate_limit.per_second, burst: config.rate_limit.burst },
    deniedRemoteSubnets: config.tap_mirrors.denied_remote_subnets,
    underlayPrefix: { ipv4: config.tap_mirrors.underlay_prefix_v4, ipv6: config.tap_mirrors.underlay_prefix_v6 },
    portDeleted,
    ...(neutron && neutronConfig.pass_through ? { neutron: behind(config) } : {}),
    ...tlsOf(config),
  });

  const stopping = new AbortController();
  const failed = new AbortController();
  const background: Promise<void>[] = [];
  let health: HealthServer | undefined;
  let address: string | undefined;
  let leading = false;

  const inBackground = (what: string, work: Promise<void>): void => {
    const guarded = work.catch((cause: unknown) => {
      if (stopping.signal.aborted) return;
      failed.abort(new Error(`${what} has ended unexpectedly`, { cause }));
    });
    background.push(guarded);
  };

  const healthz = (): Health => ({
    ok: !failed.signal.aborted,
    details: authenticator.warning === null ? {} : { warning: authenticator.warning },
  });
  const readyz = (): Health => ({
    ok: live.fresh && !stopping.signal.aborted,
    details: {
      etcd: live.fresh ? 'in sight' : 'out of sight',
      revision: live.view.revision,
      role: leading ? 'leader' : 'follower',
      compiler: { backlog: compiler.backlog, ...compiler.stats },
      moves: { ...moves.stats },
      malformed: live.view.problems.size,
      malformed_records: [...live.view.problems].slice(0, 100).map(([key, problem]) => ({ key, problem })),
      audit: audit.facts(),
      ...keeper.facts(),
      ...(authenticator.warning === null ? {} : { warning: authenticator.warning }),
    },
  });

  return {
    async start() {
      if (authenticator.warning !== null) logger.warn({ mode: config.auth.mode }, authenticator.warning);
      logger.info({ segments: describePolicy(policy), share: policy.projectShare }, 'ways for copies between nodes');
      health = await startHealthServer(config.health.host, config.health.port, { healthz, readyz });
      const listening = await api.listen({ host: config.listen.host, port: config.listen.port });
      // The framework does not know of the certificate, which our own HTTP server has.
      address = config.listen.tls_cert_file === '' ? listening : listening.replace(/^http:/, 'https:');
      logger.info({ address, health_port: health.port }, 'listening');
      inBackground('following etcd', live.run(stopping.signal));
      inBackground('the audit trail', audit.run(stopping.signal));
      const election = {
        ...{ key: keys.leader, id: deps.replica, ttlSeconds: config.election.ttl_s, signal: stopping.signal },
        ...{ clock, random, logger: logger.child({ part: 'election' }) },
      };
      const lead = campaign(store, election, async (leadership) => {
        leading = true;
        moves.take(everything(live.view));
        const unsubscribe = live.subscribe((touched) => moves.take(touched));
        try {
          await Promise.all([compiler.lead(leadership), keeper.lead(leadership), audit.lead(leadership, policy)]);
        } finally {
          unsubscribe();
          leading = false;
        }
      });
      inBackground('the election', lead);
    },
    async stop() {
      if (!stopping.signal.aborted) logger.info({}, 'stopping');
      await api.close();
      // Before the store goes.
      await audit.stop();
      stopping.abort(new Error('the server stops'));
      await Promise.all(background);
      await health?.close();
      health = undefined;
      neutron?.http.close();
      keystone?.http.close();
    },
    get address() {
      if (address === undefined) throw new Error('the server has not been started');
      return address;
    },
    get healthAddress() {
      if (!health) throw new Error('the server has not been started');
      const { host } = config.health;
      return `http://${host.includes(':') ? `[${host}]` : host}:${health.port}`;
    },
    get leading() {
      return leading;
    },
    failed: failed.signal,
  };
}

function bindingsOf({ networking_vpp: { bindings: from } }: ServerConfig, { v2 }: ServerDeps): BindingsFrom {
  if (from !== 'etcd-v2') return { from };
  if (!v2) throw new TypeError('networking_vpp.bindings is etcd-v2, and there is no follower of that store');
  return { from, follower: v2 };
}

function authenticatorWithout(config: ServerConfig, challenge: string): Authenticator {
  if (config.auth.mode === 'development') return developmentAuthenticator(config.listen.host, challenge);
  return closedAuthenticator(challenge);
}

/** @throws PolicyError naming each wrong rule; the file system's error */
function rulesOf(config: ServerConfig, logger: Logger): Policy {
  const { policy_file: file, enforce_scope: enforceScope } = config.auth;
  const overrides = file === '' ? [] : loadPolicyFile(readFileSync(file, 'utf8'), file);
  const rules = createPolicy({ defaults: defaultRules, overrides, enforceScope });
  for (const warning of rules.warnings) logger.warn({ file }, warning);
  return rules;
}

function behind({ neutron }: ServerConfig): NeutronBehind {
  return {
    url: neutron.url,
    silenceMs: neutron.silence_ms,
    caFile: neutron.ca_file === '' ? undefined : neutron.ca_file,
  };
}

function tlsOf({ listen }: ServerConfig): { readonly tls?: { readonly cert: string; readonly key: string } } {
  if (listen.tls_cert_file === '') return {};
  return { tls: { cert: readFileSync(listen.tls_cert_file, 'utf8'), key: readFileSync(listen.tls_key_file, 'utf8') } };
}
