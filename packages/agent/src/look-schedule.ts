import type { Clock } from '@taas/service';
import type { AgentConfig } from './config.js';

/**
 * When VPP is looked at although nothing is known to have happened: everything, now and then; what is ours, often, since VPP
 * does not tell when it is undone; what taps copy, where there is a budget; whether copies move; and all interfaces while
 * something is waited for. On a node where looking takes long it is done less often, so that it never takes more than a
 * part of VPP's time.
 */
export class LookSchedule {
  #everything = { at: 0 };
  #interfaces = { at: 0, cost: 0 };
  #features = { at: 0, cost: 0, looks: 1 };
  #load = { at: 0, cost: 0 };
  #traffic = { at: 0, cost: 0 };

  constructor(
    private readonly intervals: AgentConfig['intervals'],
    private readonly clock: Clock,
  ) {}

  everythingDue(now: number): boolean {
    return now - this.#everything.at >= this.intervals.verify_ms;
  }

  interfacesDue(now: number): boolean {
    return now - this.#interfaces.at >= this.#interfacesMs;
  }

  featuresDue(now: number): boolean {
    return now - this.#features.at >= this.#featuresMs;
  }

  loadDue(now: number): boolean {
    return now - this.#load.at >= this.#loadMs;
  }

  trafficDue(now: number): boolean {
    return now - this.#traffic.at >= this.#trafficMs;
  }

  /**
   * Milliseconds until the next look.
   * @param waiting whether something is missing that others make
   * @param counting whether there is a budget to be kept
   */
  untilNext(now: number, waiting: boolean, counting: boolean): number {
    const everything = this.#everything.at + this.intervals.verify_ms - now;
    const features = this.#features.at + this.#featuresMs - now;
    const load = counting ? this.#load.at + this.#loadMs - now : Number.POSITIVE_INFINITY;
    const traffic = this.#traffic.at + this.#trafficMs - now;
    return Math.max(
      0,
      Math.min(everything, features, load, traffic, waiting ? this.#interfacesMs : Number.POSITIVE_INFINITY),
    );
  }

  /** Runs a look at the interfaces, and remembers when it was and what it cost. */
  async lookAtInterfaces(look: () => Promise<void>): Promise<void> {
    this.#interfaces = await this.#measured(look);
  }

  /** @param looks so many, as is known after this one, see everything once: they share the time until that is due */
  async lookAtFeatures<T>(look: () => Promise<T>, looks: () => number): Promise<T> {
    const { result, ...features } = await this.#measured(look);
    this.#features = { ...features, looks: looks() };
    return result;
  }

  async lookAtLoad<T>(look: () => Promise<T>): Promise<T> {
    const { result, ...load } = await this.#measured(look);
    this.#load = load;
    return result;
  }

  async lookAtTraffic<T>(look: () => Promise<T>): Promise<T> {
    const { result, ...traffic } = await this.#measured(look);
    this.#traffic = traffic;
    return result;
  }

  /** Something was seen that only a look at everything can tell about: it is due now. */
  doubt(): void {
    this.#everything = { at: Number.NEGATIVE_INFINITY };
  }

  /** Everything was read, and so all that the other looks would see. */
  sawEverything(): void {
    const at = this.clock.monotonic();
    this.#everything = { at };
    this.#features = { ...this.#features, at };
  }

  get #interfacesMs(): number {
    return Math.max(this.intervals.port_poll_ms, 10 * this.#interfaces.cost);
  }

  get #loadMs(): number {
    return Math.max(this.intervals.budget_ms, 20 * this.#load.cost);
  }

  get #trafficMs(): number {
    return Math.max(this.intervals.traffic_ms, 20 * this.#traffic.cost);
  }

  get #featuresMs(): number {
    return Math.max(this.intervals.liveness_ms / this.#features.looks, 10 * this.#features.cost);
  }

  async #measured<T>(look: () => Promise<T>): Promise<{ at: number; cost: number; result: T }> {
    const start = this.clock.monotonic();
    const result = await look();
    const at = this.clock.monotonic();
    return { at, cost: at - start, result };
  }
}
