import type { CallOptions as RpcOptions } from '@connectrpc/connect';
import { EndpointRing } from './endpoint-ring.js';
import { EtcdAuth } from './etcd-auth.js';
import { connectEndpoint, type EtcdEndpoint } from './etcd-endpoint.js';
import { neverSent, timedOut, tokenRefused, toStoreError } from './etcd-errors.js';
import type { EtcdSettings } from './etcd-options.js';
import { StoreError } from './store-error.js';

export interface CallPolicy {
  readonly signal?: AbortSignal | undefined;
  /** Whether doing it twice is as good as once, so that it may be tried again when it is unknown whether it was done. */
  readonly repeatable: boolean;
  readonly timeoutMs?: number | undefined;
}

type Attempt<T> = (endpoint: EtcdEndpoint, options: RpcOptions & { signal: AbortSignal }) => Promise<T>;

/** Carries calls to a server that answers: failover, login, time-outs, abort, close. */
export class EtcdCalls {
  readonly #endpoints: EndpointRing<EtcdEndpoint>;
  readonly #auth: EtcdAuth;
  /** Aborts whatever is in flight when the store is closed. */
  readonly #open = new Set<AbortController>();
  #closed = false;

  constructor(readonly settings: EtcdSettings) {
    const endpoints = settings.urls.map((url) =>
      connectEndpoint(url, { tls: settings.secrets.tls, clock: settings.clock, timeoutMs: settings.requestTimeoutMs }),
    );
    this.#endpoints = new EndpointRing(endpoints, settings.logger);
    this.#auth = new EtcdAuth(settings.secrets.credentials, settings.requestTimeoutMs);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * One call, at every endpoint in turn until one has answered.
   * @throws StoreError, or the signal's reason.
   */
  async unary<T>(policy: CallPolicy, attempt: Attempt<T>): Promise<T> {
    // The header grpc-timeout takes whole numbers only; a fraction makes the server reset the stream.
    const timeoutMs = Math.max(1, Math.floor(policy.timeoutMs ?? this.settings.requestTimeoutMs));
    // A connection that died unnoticed costs the first attempt, so a lone endpoint gets a second one.
    const attempts = Math.max(2, this.#endpoints.count);
    for (let left = attempts - 1; ; left--) {
      const endpoint = this.#endpoints.current();
      try {
        return await this.scoped(policy.signal, (signal) => this.#withToken(endpoint, { signal, timeoutMs }, attempt));
      } catch (error) {
        if (policy.signal?.aborted || (error instanceof StoreError && error.code === 'closed')) throw error;
        const failure = this.#failed(endpoint, error);
        if (!failure.retriable || left === 0 || !(policy.repeatable || neverSent(error))) throw failure;
      }
    }
  }

  /**
   * The same call at every endpoint at once, once each.
   * @returns the answers of those that have answered, in the order of the endpoints
   * @throws StoreError of the first endpoint if none has; the signal's reason
   */
  async everywhere<T>(signal: AbortSignal | undefined, attempt: Attempt<T>): Promise<T[]> {
    const timeoutMs = Math.max(1, Math.floor(this.settings.requestTimeoutMs));
    const results = await Promise.allSettled(
      this.#endpoints.all.map((endpoint) =>
        this.scoped(signal, (scope) => this.#withToken(endpoint, { signal: scope, timeoutMs }, attempt)).catch(
          (error: unknown) => {
            if (signal?.aborted) throw error;
            throw toStoreError(error, endpoint.url);
          },
        ),
      ),
    );
    signal?.throwIfAborted();
    const answers = results.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const [first] = results;
    if (answers.length === 0 && first?.status === 'rejected') throw first.reason;
    return answers;
  }

  /** A long stream at the endpoint in use: no time-out, no second attempt. Throws as `unary` does. */
  async stream(signal: AbortSignal, run: Attempt<void>): Promise<void> {
    const endpoint = this.#endpoints.current();
    try {
      await this.scoped(signal, (inner) => this.#withToken(endpoint, { signal: inner }, run));
    } catch (error) {
      if (signal.aborted) throw error;
      throw this.#failed(endpoint, error);
    }
  }

  /**
   * Runs with a signal that aborts with `outer` and with the store's end, and throws that reason instead of whatever the
   * aborted work throws.
   */
  async scoped<T>(outer: AbortSignal | undefined, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    outer?.throwIfAborted();
    if (this.#closed) throw closedError();
    // AbortSignal.any would do, but Node 20 keeps its products alive as long as a long-lived source.
    const scope = new AbortController();
    const onAbort = () => scope.abort(outer?.reason);
    outer?.addEventListener('abort', onAbort, { once: true });
    this.#open.add(scope);
    try {
      return await run(scope.signal);
    } catch (error) {
      throw scope.signal.aborted ? scope.signal.reason : error;
    } finally {
      outer?.removeEventListener('abort', onAbort);
      this.#open.delete(scope);
    }
  }

  close(): void {
    this.#closed = true;
    for (const scope of this.#open) scope.abort(closedError());
    this.#endpoints.close();
  }

  #failed(endpoint: EtcdEndpoint, error: unknown): StoreError {
    const failure = toStoreError(error, endpoint.url);
    if (failure.retriable) this.#endpoints.failed(endpoint, failure);
    // Slow or gone? If nobody is there, the next call must not wait on the same dead connection.
    if (timedOut(error)) endpoint.probe();
    return failure;
  }

  async #withToken<T>(
    endpoint: EtcdEndpoint,
    options: { signal: AbortSignal; timeoutMs?: number },
    attempt: Attempt<T>,
  ): Promise<T> {
    for (let fresh = false; ; fresh = true) {
      const login = this.#auth.headers(endpoint);
      const headers = await login;
      try {
        return await attempt(endpoint, { ...options, headers });
      } catch (error) {
        if (fresh || !this.#auth.enabled || !tokenRefused(error)) throw error;
        this.#auth.forget(login);
      }
    }
  }
}

function closedError(): StoreError {
  return new StoreError('closed', 'the store was closed');
}
