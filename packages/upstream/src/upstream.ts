import { type BackoffPolicy, type Clock, FairTurns, type Logger, TurnsFullError } from '@taas/service';
import { BreakerOpenError, createBreaker } from './breaker.js';
import { DeadlineError, withDeadline } from './deadline.js';
import { type HttpClient, HttpError, type HttpRequest, type HttpResponse } from './http-client.js';

/** A service of the cloud that cannot answer now: a 503 of ours, and nothing about what was asked is known. */
export class UpstreamUnavailableError extends Error {
  override readonly name: string = 'UpstreamUnavailableError';

  constructor(
    /** `Keystone`, `Neutron`. */
    readonly service: string,
    readonly reason: 'no-answer' | 'timeout' | 'overloaded' | 'backing-off' | 'bad-answer' | 'refused',
    detail: string,
    /** For a Retry-After header, in milliseconds; null if unknown. */
    readonly retryAfterMs: number | null = null,
    options?: ErrorOptions,
  ) {
    super(`${service} is not available: ${detail}`, options);
  }
}

export type UnavailableErrorFactory = (
  ...args: [UpstreamUnavailableError['reason'], string, number | null, ErrorOptions?]
) => UpstreamUnavailableError;

export interface UpstreamOptions {
  readonly name: string;
  /** The endpoint without its trailing slash, such as `https://keystone.example:5000/v3`. */
  readonly baseUrl: string;
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly limits: UpstreamLimits;
  readonly unavailable: UnavailableErrorFactory;
}

export interface UpstreamLimits {
  /** For one request, the wait for its turn included. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly maxConcurrent: number;
  readonly maxQueued: number;
  /** Failures in a row after which only probes go out. */
  readonly failures: number;
  readonly backoff: BackoffPolicy;
}

export const defaultUpstreamLimits: UpstreamLimits = {
  timeoutMs: 10_000,
  maxBytes: 4 * 1024 * 1024,
  maxConcurrent: 16,
  maxQueued: 256,
  failures: 3,
  backoff: { firstMs: 500, maxMs: 10_000 },
};

/** One service of the cloud, asked in bounded number, size and time, and left alone for a while when it is dead. */
export interface Upstream {
  /**
   * @param path after the base URL, with its query
   * @throws UpstreamUnavailableError; the signal's reason if it aborts. Any other answer is the caller's to judge.
   */
  request(path: string, request: Omit<HttpRequest, 'maxBytes'>): Promise<HttpResponse>;
}

/**
 * The statuses with which a service, or the proxy before it, says that it cannot now. A 500 is not one of them: a single
 * request can cause it, and nobody must be able to cut all others off by sending such a request.
 */
const unavailableStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export function createUpstream(options: UpstreamOptions): Upstream {
  const { name, http, clock, logger, limits, unavailable } = options;
  const baseUrl = options.baseUrl.replace(/\/+$/, '');
  const { maxConcurrent, maxQueued } = limits;
  // All have the same key: first come, first served.
  const turns = new FairTurns({
    ...{ concurrent: maxConcurrent, concurrentPerKey: maxConcurrent, waiting: maxQueued, waitingPerKey: maxQueued },
  });
  const breaker = createBreaker({
    failures: limits.failures,
    backoff: limits.backoff,
    monotonic: () => clock.monotonic(),
    random: options.random,
    onChange: (open) =>
      open
        ? logger.warn({ service: name }, 'a service of the cloud does not answer; only probes go to it')
        : logger.info({ service: name }, 'a service of the cloud answers again'),
  });

  const attempt = async (path: string, request: Omit<HttpRequest, 'maxBytes'>, signal: AbortSignal) => {
    const admission = breaker.admit();
    let response: HttpResponse;
    try {
      response = await http.request(baseUrl + path, { ...request, signal, maxBytes: limits.maxBytes });
    } catch (error) {
      if (error instanceof HttpError || error instanceof DeadlineError) admission.failed();
      else admission.abandoned();
      throw error;
    }
    if (unavailableStatuses.has(response.status)) {
      admission.failed();
      const seconds = Number(response.headers['retry-after']);
      const retryAfterMs = Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 3600) * 1000 : null;
      throw unavailable('no-answer', `it answers ${response.status}`, retryAfterMs);
    }
    admission.succeeded();
    return response;
  };

  return {
    request: async (path, request) => {
      try {
        return await withDeadline(request.signal, limits.timeoutMs, async (signal) => {
          const end = await turns.take('', signal);
          try {
            return await attempt(path, request, signal);
          } finally {
            end();
          }
        });
      } catch (cause) {
        throw translated(cause, unavailable);
      }
    },
  };
}

function translated(cause: unknown, unavailable: UnavailableErrorFactory): unknown {
  if (cause instanceof HttpError) {
    return unavailable(cause.kind === 'too-large' ? 'bad-answer' : 'no-answer', cause.message, null, { cause });
  }
  if (cause instanceof DeadlineError) return unavailable('timeout', cause.message, null, { cause });
  if (cause instanceof TurnsFullError) return unavailable('overloaded', cause.message, 1000, { cause });
  if (cause instanceof BreakerOpenError)
    return unavailable('backing-off', cause.message, cause.retryAfterMs, { cause });
  return cause;
}
