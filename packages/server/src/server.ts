import { keys } from '@taas/model';
import { type Clock, type Health, type HealthServer, type Logger, startHealthServer } from '@taas/service';
import { campaign, type Store } from '@taas/store';
import { boundPorts } from './admission/port-directory.js';
import { createApi } from './api/create-api.js';
import { type Authenticator, closedAuthenticator } from './auth/authenticator.js';
import { developmentAuthenticator } from './auth/development.js';
import { Compiler } from './compiler/compiler.js';
import { describePolicy, type ServerConfig, segmentPolicy } from './config.js';
import { LiveView } from './view/live-view.js';

export interface ServerDeps {
  /** Closed by whoever made it, after {@link Server.stop}. */
  readonly store: Store;
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
  const { store, clock, logger, random, newId } = deps;
  const authenticator = authenticatorOf(config);
  const policy = segmentPolicy(config);
  const live = new LiveView(store, clock, logger.child({ part: 'view' }));
  const compiler = new Compiler({ store, live, policy, clock, random, logger: logger.child({ part: 'compiler' }) });
  const { body_bytes: bodyBytes, body_depth: bodyDepth, request_ms: requestMs, catch_up_ms: catchUpMs } = config.limits;
  const api = createApi({
    ...{ store, live, authenticator, policy, clock, newId },
    ports: boundPorts(live.view),
    logger: logger.child({ part: 'api' }),
    limits: { bodyBytes, bodyDepth, requestMs, catchUpMs },
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
      malformed: live.view.problems.size,
      malformed_records: [...live.view.problems].slice(0, 100).map(([key, problem]) => ({ key, problem })),
      ...(authenticator.warning === null ? {} : { warning: authenticator.warning }),
    },
  });

  return {
    async start() {
      if (authenticator.warning !== null) logger.warn({ mode: config.auth.mode }, authenticator.warning);
      logger.info({ segments: describePolicy(policy), share: policy.projectShare }, 'ways for copies between nodes');
      health = await startHealthServer(config.health.host, config.health.port, { healthz, readyz });
      address = await api.listen({ host: config.listen.host, port: config.listen.port });
      logger.info({ address, health_port: health.port }, 'listening');
      inBackground('following etcd', live.run(stopping.signal));
      const election = {
        ...{ key: keys.leader, id: deps.replica, ttlSeconds: config.election.ttl_s, signal: stopping.signal },
        ...{ clock, random, logger: logger.child({ part: 'election' }) },
      };
      const lead = campaign(store, election, async (leadership) => {
        leading = true;
        try {
          await compiler.lead(leadership);
        } finally {
          leading = false;
        }
      });
      inBackground('the election', lead);
    },
    async stop() {
      if (!stopping.signal.aborted) logger.info({}, 'stopping');
      await api.close();
      stopping.abort(new Error('the server stops'));
      await Promise.all(background);
      await health?.close();
      health = undefined;
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

function authenticatorOf(config: ServerConfig): Authenticator {
  const challenge = `Keystone uri="${config.auth.www_authenticate_uri}"`;
  if (config.auth.mode === 'development') return developmentAuthenticator(config.listen.host, challenge);
  return closedAuthenticator(challenge);
}
