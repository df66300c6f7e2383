import { X509Certificate } from 'node:crypto';
import { commonFormat, type FormatReader, keys } from '@taas/model';
import { createPortLookup, type NeutronClient } from '@taas/neutron';
import {
  type Clock,
  type ConfigWatch,
  FileWatch,
  type Health,
  type HealthServer,
  type Logger,
  type Metrics,
  startHealthServer,
  untilAborted,
  type Watched,
} from '@taas/service';
import { campaign, type Store, type StoreCare, type Trust, type V2Follower } from '@taas/store';
import { remoteAddressPolicy } from './addresses/remote-address-policy.js';
import type { CaptureReceiver, NeutronBehind } from './api/api-deps.js';
import { createApi } from './api/create-api.js';
import { createAudit } from './audit/audit.js';
import { type Authenticator, closedAuthenticator } from './auth/authenticator.js';
import { developmentAuthenticator } from './auth/development.js';
import { keystoneAuthenticator } from './auth/keystone.js';
import { tcpdumpCompiler } from './captures/bpf-expression.js';
import { type OpenReceiver, udpReceiver } from './captures/receiver-socket.js';
import { openKeystone, openNeutron } from './cloud.js';
import { Compiler } from './compiler/compiler.js';
import { configWarnings, describePolicy, remoteAddressOptions, type ServerConfig, segmentPolicy } from './config.js';
import { tapTerms } from './config-terms.js';
import { openDashboard } from './dashboard/open-dashboard.js';
import type { PageFiles } from './dashboard/page-files.js';
import { Contained } from './errors/contained.js';
import { EtcdKeeper } from './etcd-space/etcd-keeper.js';
import { announceServer } from './leader/announce-server.js';
import { type LeaderTask, lastingTask, runTasks } from './leader/leader-task.js';
import { AnsweredRequests } from './metrics/answered-requests.js';
import { exposeServer, serverHistograms } from './metrics/server-metrics.js';
import { timedStore } from './metrics/timed-store.js';
import { PhysnetKeeper } from './physnets/physnet-keeper.js';
import { type BindingsFrom, PortKeeper } from './ports/port-keeper.js';
import { ReceiptSender } from './receipts/receipt-sender.js';
import { type OpenSender, udpSender } from './receipts/sender-socket.js';
import { openServerFiles, type ServerFiles } from './server-files.js';
import { Slices } from './slices/slices.js';
import { MigrationLog } from './status/migration-log.js';
import { NodeLook } from './status/node-look.js';
import { Placements } from './status/placements.js';
import { boundPorts, neutronPorts } from './taps/admission/port-directory.js';
import { TapTally } from './taps/tap-tally.js';
import { expiryEveryMs, TapExpiry } from './taps/terms/tap-expiry.js';
import { LiveView } from './view/live-view.js';
import { everything } from './view/mark-dirty.js';
import { OwnWrites } from './view/own-writes.js';

export const serverVersion = '0.1.0';

export interface ServerDeps {
  /** Closed by whoever made it, after {@link Server.stop}. */
  readonly store: Store;
  /** Of the etcd that the store is in; without it nobody looks how full it is. */
  readonly care?: StoreCare;
  /** Follows networking-vpp's keys, for `networking_vpp.bindings` etcd-v2; closed by whoever made it. */
  readonly v2?: V2Follower;
  /** The files that the options name, and who looks at them; without, they are read once. */
  readonly files?: OpenFiles;
  /** Whom to believe, where `store` is its; without it, whatever stands in etcd. Kept by whoever made it. */
  readonly trust?: Trust;
  /** What GET /metrics on the health port shows; without it, nothing is there. */
  readonly metrics?: Metrics;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  /** A new UUID at each call. */
  readonly newId: () => string;
  /** Who this replica is in the election; for people. */
  readonly replica: string;
  /** What the dashboard is made of; without it there is none. */
  readonly page?: PageFiles;
  /** This program's, for people. */
  readonly version?: string;
  /** Where copies of captures arrive; a UDP socket if absent. */
  readonly openReceiver?: OpenReceiver;
  /** From where receipts are sent; a UDP socket if absent. */
  readonly openSender?: OpenSender;
}

export interface OpenFiles extends ServerFiles {
  readonly watch: FileWatch;
  readonly config: ConfigWatch;
}

export interface Server {
  /** Listens and begins to follow etcd. @throws the error of listen(2), for instance EADDRINUSE */
  start(): Promise<void>;
  /** Finishes the requests in progress, gives up leadership, and ends. Safe to call twice. */
  stop(): Promise<void>;
  /** Where the API listens, as `http://host:port`. @throws before start */
  readonly address: string;
  /** Where /healthz, /readyz and /metrics listen. @throws before start */
  readonly healthAddress: string;
  /** Whether this replica's compiler is the one that writes. */
  readonly leading: boolean;
  /** Aborts if the server cannot go on; its reason says why. */
  readonly failed: AbortSignal;
}

/**
 * Puts a server together; nothing happens before `start`.
 * @throws ConfigError for files that the options name and that are of no use, if `files` is not given
 * @throws UnsafeListenError for development mode on an address that others can reach
 */
export function createServer(config: ServerConfig, deps: ServerDeps): Server {
  const { trust, metrics, clock, logger, random, newId } = deps;
  const etcd = metrics ? timedStore(deps.store, clock, metrics.histogram(serverHistograms.etcdDuration)) : deps.store;
  const files = deps.files ?? readOnce(config, deps);
  const challenge = `Keystone uri="${config.auth.www_authenticate_uri}"`;
  const cloud = { clock, random, logger };
  const keystone = files.credentials
    ? openKeystone(config.auth.keystone, files.credentials, files.keystoneCa, cloud)
    : null;
  const authenticator = keystone
    ? keystoneAuthenticator(keystone.validator, challenge)
    : authenticatorWithout(config, challenge);
  const policy = segmentPolicy(config);
  const bindings = bindingsOf(config, deps);
  const placesFrom = bindings.from === 'etcd-v3' ? 'bound-ports' : 'records';
  const owners = config.auth.mode === 'development' ? 'perhaps' : 'always';
  const leaderGapMs = (config.election.ttl_s * 1000) / 5;
  const live = new LiveView(etcd, clock, logger.child({ part: 'view' }), placesFrom, owners, leaderGapMs);
  const contained = new Contained(logger.child({ part: 'contained' }));
  const slices = new Slices({ clock });
  const audit = createAudit(config.audit, {
    ...deps,
    store: etcd,
    live,
    contained,
    slices,
    logger: logger.child({ part: 'audit' }),
  });
  const { store } = audit;
  const remoteAddresses = remoteAddressPolicy(remoteAddressOptions(config));
  const compiler = new Compiler({
    ...{ store, live, policy, remoteAddresses, slices, clock, random, logger: logger.child({ part: 'compiler' }) },
  });
  const moves = new MigrationLog(live.view, clock, logger.child({ part: 'moves' }));
  const { limits: given, neutron: neutronConfig } = config;
  const limits = {
    ...{ bodyBytes: given.body_bytes, bodyDepth: given.body_depth, bulkItems: given.bulk_items },
    ...{ headerBytes: given.header_bytes, requestMs: given.request_ms, catchUpMs: given.catch_up_ms },
    ...{ pageItems: given.page_items, projectLists: given.project_lists },
  };
  const neutron =
    keystone && neutronConfig.url !== ''
      ? openNeutron(neutronConfig, keystone.serviceTokens, files.neutronCa, cloud)
      : null;
  const lookup = neutron && createPortLookup({ client: neutron.client, clock, maxAgeMs: neutronConfig.port_cache_ms });
  const portDeleted = (port: string) => lookup?.forget(port);
  const keeper = new PortKeeper({
    ...{ store, live, bindings, portDeleted, slices, clock, random, logger: logger.child({ part: 'ports' }) },
    behalves: audit.behalves,
    contained,
    verify: trust?.verify ?? (() => null),
    neutron: neutron && { client: neutron.client, pollMs: neutronConfig.poll_ms },
    catchUpMs: limits.catchUpMs,
  });
  const etcdKeeper = deps.care === undefined ? null : etcdKeeperOf(config, deps.care, deps);
  const physnets = new PhysnetKeeper({
    ...{ store, live, policy, clock, random, logger: logger.child({ part: 'physnets' }) },
    neutron: neutron && { client: neutron.client, pollMs: neutronConfig.poll_ms },
    keepMs: neutronConfig.vlan_keep_ms,
  });
  const answered = new AnsweredRequests(metrics?.histogram(serverHistograms.requestDuration));
  const placements = new Placements(live.view, policy);
  live.subscribe((dirty) => placements.forget(dirty));
  const mirrorRules = { addresses: remoteAddresses, projectShare: policy.projectShare };
  const warnBeforeMs = config.taps.warn_before_s * 1000;
  const warning = { now: () => clock.now(), beforeMs: warnBeforeMs };
  const tally = new TapTally({ view: live.view, placements, mirrorRules, contained, slices, clock, warning });
  const expiry = new TapExpiry({
    ...{ store, live, slices, clock, warnBeforeMs, behalves: audit.behalves, catchUpMs: limits.catchUpMs },
    ...{ writes: new OwnWrites(), isTold: (key) => audit.log.trail.has(key), logger: logger.child({ part: 'expiry' }) },
  });
  const dashboard =
    keystone && deps.page && config.dashboard.enabled
      ? openDashboard(config.dashboard, deps.page, {
          ...{ logins: keystone.logins, authenticator, rules: files.rules, clock, requestMs: limits.requestMs },
          logger: logger.child({ part: 'dashboard' }),
        })
      : null;
  const nodes = new NodeLook({ live, version: serverVersion, slices, clock });
  const api = createApi({
    ...{ store, live, authenticator, policy, remoteAddresses, placements, slices, clock, newId, limits },
    quotas: config.quotas,
    terms: tapTerms(config.taps),
    warnBeforeMs,
    rules: files.rules,
    ports: lookup ? neutronPorts(lookup) : boundPorts(live.view),
    place: (port) => keeper.place(port),
    audit,
    contained,
    logger: logger.child({ part: 'api' }),
    rate: { perSecond: config.rate_limit.per_second, burst: config.rate_limit.burst },
    trustedProxies: config.listen.trusted_proxies,
    connections: { perClient: config.listen.connections_per_client, total: config.listen.max_connections },
    strangers: {
      ...{ perSecond: config.strangers.per_second, burst: config.strangers.burst },
      concurrent: config.strangers.concurrent,
    },
    writes: {
      writesPerMinute: config.write_budget.writes_per_minute,
      bytesPerMinute: config.write_budget.bytes_per_minute,
    },
    ...(etcdKeeper ? { checkRoom: etcdKeeper.checkRoom } : {}),
    ...(config.receipts.address === ''
      ? {}
      : { receipts: { most: config.receipts.most, ofProject: config.receipts.most_of_project } }),
    ...(config.captures.address === '' ? {} : { captures: receiverOf(config, deps) }),
    ...(dashboard ? { dashboard } : {}),
    portDeleted,
    onAnswered: (each) => answered.note(each),
    ...(neutron && neutronConfig.pass_through ? { neutron: behind(config, neutron.client, files.neutronCa) } : {}),
    ...(files.tls ? { tls: files.tls } : {}),
  });

  const { receipts: receiptConfig } = config;
  const receipts = new ReceiptSender({
    ...{ store, live, slices, clock, newId, most: receiptConfig.most, openSender: deps.openSender ?? udpSender },
    address: receiptConfig.address,
    listenAddress: receiptConfig.listen_address || receiptConfig.address,
    logger: logger.child({ part: 'receipts' }),
  });
  const tasks: readonly LeaderTask[] = [
    {
      ...{ name: 'moves of taps', everyMs: null },
      begin: ({ signal }) => {
        contained.attempt('moves of taps', () => moves.take(everything(live.view)), undefined);
        const end = live.subscribe((dirty) => moves.take(dirty));
        return { run: () => untilAborted(signal), end };
      },
    },
    {
      ...{ name: 'physical networks', everyMs: null },
      begin: async (leadership) => {
        await physnets.prepare(leadership);
        return { run: () => physnets.lead(leadership) };
      },
    },
    lastingTask('compile', (leadership) => compiler.lead(leadership)),
    lastingTask('receipts', (leadership) => receipts.lead(leadership)),
    lastingTask('ports', (leadership) => keeper.lead(leadership)),
    {
      ...{ name: 'taps whose time is over', everyMs: expiryEveryMs },
      begin: (leadership) => ({ run: () => expiry.round(leadership) }),
    },
    ...audit.tasks(policy, remoteAddresses),
    ...(etcdKeeper?.tasks() ?? []),
    ...(trust ? [lastingTask('signatures', ({ fence, signal }) => trust.keepSigned([fence], signal))] : []),
  ];
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
      agents: { there: live.view.agents.size, silent: [...live.view.silent.keys()].slice(0, 100) },
      malformed: live.view.problems.size,
      malformed_records: [...live.view.problems].slice(0, 100).map(([key, problem]) => ({ key, problem })),
      tunnel_addresses_contested: live.view.underlay.contested.slice(0, 100),
      audit: audit.facts(),
      ...contained.facts(),
      ...keeper.facts(),
      ...(live.problem === null ? {} : { etcd_problem: live.problem.message }),
      ...nodes.facts(),
      files: {
        refused: files.watch.refused,
        restart_for: files.config.restartFor,
        certificates: files.watch.certificates,
      },
      ...trust?.facts(),
      ...etcdKeeper?.facts(),
      ...physnets.facts(),
      formats: { servers: formatOf(live.view.servers), agents: formatOf(live.view.agents, live.view.silent) },
      ...(authenticator.warning === null ? {} : { warning: authenticator.warning }),
    },
  });

  if (metrics) {
    trust?.expose(metrics);
    const now = () => ({
      ...{ requests: answered.samples(), leading, fresh: live.fresh },
      ...{ compiler: { backlog: compiler.backlog, ...compiler.stats }, malformed: live.view.problems.size },
      eventAgeMs: live.heardAt === null ? null : clock.monotonic() - live.heardAt,
      space: etcdKeeper?.space ?? null,
      agents: { there: live.view.agents.size, silent: live.view.silent.size },
      certificateExpiresAt: expiryOf(files.tls?.current.cert),
    });
    exposeServer(metrics, now, { all: () => tally.samples(), expiring: () => tally.expiring });
  }

  return {
    async start() {
      if (authenticator.warning !== null) logger.warn({ mode: config.auth.mode }, authenticator.warning);
      for (const warning of configWarnings(config)) logger.warn({}, warning);
      for (const warning of trust?.warnings ?? []) logger.warn({}, warning);
      logger.info({ segments: describePolicy(policy), share: policy.projectShare }, 'links for copies between nodes');
      health = await startHealthServer(config.health.host, config.health.port, {
        ...{ healthz, readyz },
        ...(metrics ? { metrics } : {}),
      });
      const listening = await api.listen({ host: config.listen.host, port: config.listen.port });
      // The framework does not know of the certificate, which our own HTTP server has.
      address = config.listen.tls_cert_file === '' ? listening : listening.replace(/^http:/, 'https:');
      logger.info({ address, health_port: health.port }, 'listening');
      inBackground('following etcd', live.run(stopping.signal));
      if (etcdKeeper) inBackground('looking after etcd', etcdKeeper.run(stopping.signal));
      inBackground('the audit trail', audit.run(stopping.signal));
      const election = {
        ...{ key: keys.leader, id: deps.replica, ttlSeconds: config.election.ttl_s, signal: stopping.signal },
        ...{ clock, random, logger: logger.child({ part: 'election' }) },
      };
      const lead = campaign(store, election, async (leadership) => {
        leading = true;
        try {
          await runTasks(tasks, leadership, clock);
        } finally {
          leading = false;
        }
      });
      inBackground('the election', lead);
      const { replica: name, version = 'unknown' } = deps;
      const announcement = { store: etcd, name, version, ttlSeconds: config.election.ttl_s, clock };
      const presence = announceServer({ ...announcement, logger: logger.child({ part: 'presence' }) }, stopping.signal);
      inBackground('telling that this server is there', presence);
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

/** The newest format of records that all of them read; whose own record cannot be read counts as who has said nothing. */
function formatOf(...readers: readonly ReadonlyMap<string, { readonly record: FormatReader | null }>[]): number {
  return commonFormat(readers.flatMap((each) => [...each.values()].map(({ record }) => record ?? {})));
}

/** When a certificate expires, in ms since 1970; null for none. */
function expiryOf(certificate: Buffer | undefined): number | null {
  return certificate === undefined ? null : Date.parse(new X509Certificate(certificate).validTo);
}

function bindingsOf({ networking_vpp: { bindings: from } }: ServerConfig, { v2 }: ServerDeps): BindingsFrom {
  if (from !== 'etcd-v2') return { from };
  if (!v2) throw new TypeError('networking_vpp.bindings is etcd-v2, and there is no follower of that store');
  return { from, follower: v2 };
}

function etcdKeeperOf(config: ServerConfig, care: StoreCare, { clock, logger }: ServerDeps): EtcdKeeper {
  const { etcd_space: given } = config;
  return new EtcdKeeper({
    ...{ care, clock, logger: logger.child({ part: 'etcd-space' }), checkMs: given.check_ms },
    limits: { quotaBytes: given.quota_bytes, reserve: given.reserve },
    historyMs: given.history_minutes * 60_000,
  });
}

function receiverOf({ captures: given }: ServerConfig, { openReceiver, logger, replica }: ServerDeps): CaptureReceiver {
  return {
    address: given.address,
    listenAddress: given.listen_address || given.address,
    open: openReceiver ?? udpReceiver(logger.child({ part: 'captures' })),
    server: replica,
    compileExpression: tcpdumpCompiler(given.tcpdump),
    limits: { captures: given.most, ofProject: given.most_of_project, queueBytes: given.queue_bytes },
  };
}

function authenticatorWithout(config: ServerConfig, challenge: string): Authenticator {
  if (config.auth.mode === 'development') return developmentAuthenticator(config.listen.host, challenge);
  return closedAuthenticator(challenge);
}

/** For a server that nobody looks at files for. */
function readOnce(config: ServerConfig, { clock, logger }: ServerDeps): OpenFiles {
  const source = 'the configuration';
  const watch = new FileWatch({ clock, logger, source });
  return { ...openServerFiles(config, watch, source, logger), watch, config: { restartFor: [] } };
}

function behind({ neutron }: ServerConfig, client: NeutronClient, ca: Watched<Buffer> | undefined): NeutronBehind {
  const { url, silence_ms: silenceMs } = neutron;
  const portGone: NeutronBehind['portGone'] = async (port, signal) =>
    (await client.confirmGone([port], [], signal)).gone.includes(port);
  return { url, silenceMs, ca, portGone };
}
