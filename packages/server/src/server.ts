import { keys } from '@taas/model';
import { type HealthServer, startHealthServer } from '@taas/service';
import { campaign, type Leadership } from '@taas/store';
import { describeOption } from './compiler/segment-options.js';
import { configWarnings, type ServerConfig } from './config.js';
import { announceServer } from './leader/announce-server.js';
import { runTasks } from './leader/leader-task.js';
import { AnsweredRequests } from './metrics/answered-requests.js';
import { serverHistograms } from './metrics/server-metrics.js';
import { timedStore } from './metrics/timed-store.js';
import { cloudParts } from './server/cloud-parts.js';
import { healthz, readyz } from './server/health.js';
import { leaderParts } from './server/leader-parts.js';
import { leaderTasks } from './server/leader-tasks.js';
import { serverApi } from './server/server-api.js';
import type { ServerDeps } from './server/server-deps.js';
import { sharedParts } from './server/shared-parts.js';
import { showMetrics } from './server/show-metrics.js';
import { readServerFiles } from './server-files.js';
import { serverVersion } from './server-version.js';
import { NodeLook } from './status/node-look.js';

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
 * Puts a server together; nothing happens before `start`. What it is put together from stands in `server/`.
 * @throws ConfigError for files that the options name and that are of no use, if `files` is not given
 * @throws UnsafeListenError for development mode on an address that others can reach
 */
export function createServer(config: ServerConfig, deps: ServerDeps): Server {
  const { trust, metrics, clock, logger, random } = deps;
  const etcd = metrics ? timedStore(deps.store, clock, metrics.histogram(serverHistograms.etcdDuration)) : deps.store;
  const files = deps.files ?? readServerFiles(config, clock, logger);
  const cloud = cloudParts(config, files, { clock, random, logger });
  const shared = sharedParts(config, deps, etcd);
  const leader = leaderParts(config, deps, shared, cloud);
  const answered = new AnsweredRequests(metrics?.histogram(serverHistograms.requestDuration));
  const api = serverApi(config, deps, { shared, cloud, leader, files, answered });
  const tasks = leaderTasks(leader, shared, trust);
  const { authenticator } = cloud;
  const { live, audit, policy, slices } = shared;

  const stopping = new AbortController();
  const failed = new AbortController();
  const background: Promise<void>[] = [];
  let health: HealthServer | undefined;
  let address: string | undefined;
  let leading = false;

  const nodes = new NodeLook({ live, version: serverVersion, contained: shared.contained, slices, clock });
  const healthParts = { shared, leader, authenticator, nodes, files, trust };
  const probes = {
    healthz: () => healthz(healthParts, failed.signal),
    readyz: () => readyz(healthParts, { leading, stopping: stopping.signal.aborted }),
  };
  if (metrics) {
    trust?.expose(metrics);
    showMetrics(metrics, { shared, leader, answered }, () => leading);
  }

  const sayHowItIsSetUp = (): void => {
    if (authenticator.warning !== null) logger.warn({ mode: config.auth.mode }, authenticator.warning);
    for (const warning of [...configWarnings(config), ...(trust?.warnings ?? [])]) logger.warn({}, warning);
    const segments = policy.options.map(describeOption);
    logger.info({ segments, share: policy.projectShare }, 'links for copies between nodes');
  };
  const inBackground = (what: string, work: Promise<void>): void => {
    const guarded = work.catch((cause: unknown) => {
      if (stopping.signal.aborted) return;
      failed.abort(new Error(`${what} has ended unexpectedly`, { cause }));
    });
    background.push(guarded);
  };
  const lead = async (leadership: Leadership): Promise<void> => {
    // What is not there might not have been read yet, and would be taken for gone.
    await live.arrived(leadership.fence.revision, leadership.signal);
    leading = true;
    try {
      await runTasks(tasks, leadership, clock);
    } finally {
      leading = false;
    }
  };
  const begin = (signal: AbortSignal): void => {
    inBackground('following etcd', live.run(signal));
    if (leader.etcdSpace) inBackground('looking after etcd', leader.etcdSpace.run(signal));
    inBackground('the audit trail', audit.run(signal));
    const { replica, version = 'unknown' } = deps;
    const ttlSeconds = config.election.ttl_s;
    const election = {
      key: keys.leader,
      id: replica,
      ttlSeconds,
      signal,
      clock,
      random,
      logger: logger.child({ part: 'election' }),
    };
    // Whoever has read nothing yet leaves the lead to those who have.
    inBackground(
      'the election',
      live.arrived(1, signal).then(() => campaign(shared.store, election, lead)),
    );
    const announcement = {
      store: etcd,
      name: replica,
      version,
      ttlSeconds,
      clock,
      logger: logger.child({ part: 'presence' }),
    };
    inBackground('telling that this server is there', announceServer(announcement, signal));
  };

  return {
    async start() {
      sayHowItIsSetUp();
      const { host, port } = config.health;
      health = await startHealthServer(host, port, { ...probes, ...(metrics ? { metrics } : {}) });
      const listening = await api.listen({ host: config.listen.host, port: config.listen.port });
      // The framework does not know of the certificate, which our own HTTP server has.
      address = config.listen.tls_cert_file === '' ? listening : listening.replace(/^http:/, 'https:');
      logger.info({ address, health_port: health.port }, 'listening');
      begin(stopping.signal);
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
      cloud.close();
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
