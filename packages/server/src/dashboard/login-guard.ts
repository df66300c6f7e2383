import { type Clock, FairTurns, type FairTurnsLimits, TurnsFullError } from '@taas/service';
import { RateLimiter, type RateLimits } from '../http/rate-limit.js';

export interface LoginLimits {
  /** Log-ins from one network. */
  readonly network: RateLimits;
  /** Log-ins of one name from one network: a few at once, and then slowly. */
  readonly name: RateLimits;
  /** Of one name from anywhere: enough for a person whom somebody else wants to keep out, too few to guess by. */
  readonly everywhere: RateLimits;
  /** Switches of the project by one user: each asks Keystone for a token. */
  readonly switches: RateLimits;
  /** At Keystone at a time, log-ins and switches; it takes a processor a good part of a second to look at a password. */
  readonly turns: FairTurnsLimits;
}

export const usualLoginLimits: LoginLimits = {
  network: { perSecond: 1 / 2, burst: 30 },
  name: { perSecond: 1 / 12, burst: 5 },
  everywhere: { perSecond: 1 / 2, burst: 50 },
  switches: { perSecond: 1 / 2, burst: 20 },
  turns: { concurrent: 4, concurrentPerKey: 2, waiting: 32, waitingPerKey: 4 },
};

/** Too many log-ins. */
export class TooManyLoginsError extends Error {
  override readonly name = 'TooManyLoginsError';

  constructor(readonly retryAfterMs: number) {
    super('too many log-ins');
  }
}

/** How often passwords may be tried, and tokens be asked for: bounded before Keystone is asked. */
export class LoginGuard {
  readonly #network: RateLimiter;
  readonly #name: RateLimiter;
  readonly #everywhere: RateLimiter;
  readonly #switches: RateLimiter;
  readonly #turns: FairTurns;

  constructor(limits: LoginLimits, clock: Clock) {
    this.#network = new RateLimiter(limits.network, clock);
    this.#name = new RateLimiter(limits.name, clock);
    this.#everywhere = new RateLimiter(limits.everywhere, clock);
    this.#switches = new RateLimiter(limits.switches, clock);
    this.#turns = new FairTurns(limits.turns);
  }

  /**
   * @param work all that a log-in asks Keystone
   * @param name whose password it is said to be
   * @throws TooManyLoginsError; what the work throws; the signal's reason
   */
  async logIn<T>(network: string, name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    // The first that refuses takes nothing of the others: who guesses at many names has not used up any of them.
    for (const wait of [
      () => this.#network.take(network),
      () => this.#name.take(JSON.stringify([network, name])),
      () => this.#everywhere.take(name),
    ])
      checked(wait());
    return this.#inTurn(`network ${network}`, signal, work);
  }

  /** @throws as {@link logIn} */
  async switchProject<T>(userId: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    checked(this.#switches.take(userId));
    return this.#inTurn(`user ${userId}`, signal, work);
  }

  async #inTurn<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const end = await this.#turn(key, signal);
    try {
      return await work();
    } finally {
      end();
    }
  }

  async #turn(key: string, signal: AbortSignal): Promise<() => void> {
    try {
      return await this.#turns.take(key, signal);
    } catch (cause) {
      if (cause instanceof TurnsFullError) throw new TooManyLoginsError(2_000);
      throw cause;
    }
  }
}

function checked(waitMs: number): void {
  if (waitMs > 0) throw new TooManyLoginsError(waitMs);
}
