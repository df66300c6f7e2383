import { type BackoffPolicy, backoffDelay, type Clock, type Logger } from '@taas/service';
import { EtcdCalls } from './etcd-calls.js';
import { authNotEnabled } from './etcd-errors.js';
import { type EtcdStoreOptions, resolveEtcdOptions } from './etcd-options.js';
import { StoreError } from './store-error.js';
import { V2Endpoint } from './v2-endpoint.js';

/** An etcd in which anybody may write what nodes are told: a program that would believe it does not start. */
export class UnprotectedEtcdError extends Error {
  override readonly name = 'UnprotectedEtcdError';
}

/** One way by which others may write what we believe. */
export interface EtcdToCheck {
  /** Where its options stand in the configuration. */
  readonly at: string;
  readonly api: 'v2' | 'v3';
  readonly options: EtcdStoreOptions;
  /** The option that makes the check unnecessary. */
  readonly signing: string;
}

/**
 * Whether etcd asks who somebody is. Asked by a login of a user that does not exist: an etcd with authentication says that it is
 * wrong, one without says that there is none; a read would tell nothing where our TLS certificate names a user.
 * @throws StoreError when there is no answer
 */
async function v3Authenticates(options: EtcdStoreOptions, signal: AbortSignal): Promise<boolean> {
  const calls = new EtcdCalls(resolveEtcdOptions(anonymous(options)));
  const nobody = { name: 'taas-is-authentication-on', password: '-' };
  try {
    await calls.unary({ signal, repeatable: true }, (endpoint, rpc) => endpoint.auth.authenticate(nobody, rpc));
    return true;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (authNotEnabled(error.cause)) return false;
    if (error.retriable || !/authentication failed/.test(error.message)) throw error;
    return true;
  } finally {
    calls.close();
  }
}

/** The same etcd for somebody without a name, but for that in a certificate. */
function anonymous({ user, password, live, ...rest }: EtcdStoreOptions): EtcdStoreOptions {
  return live === undefined ? rest : { ...rest, live: { ...live, credentials: undefined } };
}

/** networking-vpp's nodes, as a stranger would read them. */
const strangersPath = '/v2/keys/networking-vpp/nodes/';

/** The same of the v2 API, which has users of its own, and a guest who may do everything until that is taken from him. */
async function v2Authenticates(options: EtcdStoreOptions, signal: AbortSignal): Promise<boolean> {
  const settings = resolveEtcdOptions(anonymous(options));
  let failure: unknown = new StoreError('unavailable', 'no etcd has answered');
  for (const url of settings.urls) {
    const endpoint = new V2Endpoint(url, settings);
    try {
      const asked = await endpoint.get(strangersPath, settings.requestTimeoutMs, signal);
      if (asked.status === 401 || asked.status === 403) return true;
      // With a certificate we are no stranger, and whoever has none is not let in at all.
      const known = settings.secrets.tls.current.cert !== undefined;
      if (!known) return false;
      const { body } = await endpoint.get('/v2/auth/enable', settings.requestTimeoutMs, signal);
      return /"enabled"\s*:\s*true/.test(body ?? '');
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
    } finally {
      endpoint.close();
    }
  }
  throw failure;
}

const retry: BackoffPolicy = { firstMs: 200, maxMs: 5_000 };

/**
 * Resolves once every etcd is known to ask who somebody is; asks again while there is no answer.
 * @throws UnprotectedEtcdError that says what to do, or the signal's reason
 */
export async function untilProtected(
  all: readonly EtcdToCheck[],
  deps: { readonly clock: Clock; readonly logger: Logger; readonly random: () => number; readonly ask?: AskProtection },
  signal: AbortSignal,
): Promise<void> {
  const { ask = askEtcd } = deps;
  for (const each of all) {
    for (let failures = 0; ; failures++) {
      try {
        if (await ask(each, signal)) break;
        throw new UnprotectedEtcdError(advice(each));
      } catch (error) {
        if (error instanceof UnprotectedEtcdError || signal.aborted) throw error;
        const cause = error instanceof Error ? error.message : String(error);
        if (failures === 0) deps.logger.warn({ cause }, 'etcd does not say yet whether it is protected; asking on');
        await deps.clock.sleep(backoffDelay(retry, failures, deps.random()), signal);
      }
    }
  }
}

/** How often a running program asks again, in ms. */
export const protectionCheckMs = 60_000;

/** Whether an etcd asks who somebody is. @throws an error when it does not say */
export type AskProtection = (etcd: EtcdToCheck, signal: AbortSignal) => Promise<boolean>;

export const askEtcd: AskProtection = (etcd, signal) =>
  (etcd.api === 'v3' ? v3Authenticates : v2Authenticates)(etcd.options, signal);

/**
 * Asks again from time to time, until `signal` aborts: authentication may be switched off under a program that runs. `tell` hears of
 * what anybody may write to, whenever that changes. An etcd that does not answer stays what it was.
 */
export async function keepAskingProtection(
  all: readonly EtcdToCheck[],
  deps: { readonly clock: Clock; readonly ask: AskProtection; readonly everyMs: number },
  tell: (unprotected: readonly string[]) => void,
  signal: AbortSignal,
): Promise<void> {
  const open = new Set<EtcdToCheck>();
  while (!signal.aborted && all.length > 0) {
    await deps.clock.sleep(deps.everyMs, signal).catch(() => undefined);
    let changed = false;
    for (const each of all) {
      if (signal.aborted) return;
      const isProtected = await deps.ask(each, signal).catch(() => !open.has(each));
      if (isProtected !== open.has(each)) continue;
      changed = true;
      if (isProtected) open.delete(each);
      else open.add(each);
    }
    if (changed) tell([...open].map(advice));
  }
}

function advice({ at, api, options, signing }: EtcdToCheck): string {
  const where = options.endpoints.join(', ');
  const auth =
    api === 'v3'
      ? `turn authentication on (deploy/etcd-roles.sh, etcdctl auth enable) and set "${at}.user" or "${at}.cert_file"`
      : 'turn authentication of the v2 API on and take from its role guest what is below /networking-vpp';
  return (
    `anybody may write to etcd's ${api} store at ${where}, and so have any port copied anywhere: ${auth}; ` +
    `or configure "${signing}"; or, knowing better, set "${at}.allow_unprotected" to true`
  );
}
