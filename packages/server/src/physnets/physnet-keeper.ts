import { keys, physnetCodec } from '@taas/model';
import type { NeutronClient } from '@taas/neutron';
import { type BackoffPolicy, backoffDelay, type Clock, type Logger } from '@taas/service';
import type { Leadership, Store, Transaction } from '@taas/store';
import { UpstreamUnavailableError } from '@taas/upstream';
import type { SegmentOption, SegmentPolicy } from '../compiler/segment-options.js';
import type { Step } from '../compiler/step.js';
import { packSteps } from '../compiler/transactions.js';
import { judgeVlans } from '../view/judge-vlans.js';
import type { LiveView } from '../view/live-view.js';
import { type Finding, physnetVerdict } from '../view/physnet-verdict.js';

type VlanOption = Extract<SegmentOption, { readonly type: 'vlan' }>;

export interface PhysnetKeeperDeps {
  readonly store: Store;
  readonly live: LiveView;
  readonly policy: SegmentPolicy;
  /** Null without a Neutron: then nobody can tell what else is on a physical network. */
  readonly neutron: {
    readonly client: Pick<NeutronClient, 'networks' | 'segmentRanges'>;
    readonly pollMs: number;
  } | null;
  /** How long links that stand stay while Neutron does not answer, in ms. */
  readonly keepMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

const retry: BackoffPolicy = { firstMs: 50, maxMs: 5_000 };
const catchUpMs = 5_000;
/** How long the compiler may have to wait before it begins, in ms. */
const patienceMs = 5_000;
/** Between two polls without a Neutron, in ms: agents' news wake the keeper. */
const idleMs = 60_000;

/**
 * Finds out whether the reserved VLANs of each physical network are for TaaS alone, and keeps that in etcd, where all servers
 * read it. For the leader.
 */
export class PhysnetKeeper {
  #findings: ReadonlyMap<string, Finding> = new Map();
  #lookedAt: number | null = null;
  #wake: () => void = () => undefined;
  #said = new Map<string, string>();

  constructor(private readonly deps: PhysnetKeeperDeps) {}

  /**
   * Before the compiler begins: a physical network of which nothing has ever been written is looked at first, so that an upgrade
   * takes no way away that is safe. It waits for one poll of the most.
   */
  async prepare({ fence, signal }: Leadership): Promise<void> {
    const { live, clock, logger } = this.deps;
    this.#lookedAt = null;
    const patience = new AbortController();
    const give = () => patience.abort(signal.reason);
    signal.addEventListener('abort', give, { once: true });
    const enough = clock.sleep(patienceMs, patience.signal).then(
      () => patience.abort(new Error(`nothing was known after ${patienceMs} ms`)),
      () => undefined,
    );
    try {
      await live.reached(fence.revision, catchUpMs, patience.signal);
      if (this.#options.every(({ physnet }) => live.view.physnets.record(physnet)?.record)) return;
      await this.#look(patience.signal);
      await this.#write(fence, patience.signal);
    } catch (cause) {
      if (!signal.aborted) logger.warn({ cause }, 'could not find out yet what else is on physical networks');
    } finally {
      signal.removeEventListener('abort', give);
      patience.abort(new Error('found out'));
      await enough;
    }
  }

  /** Works until the leadership ends. */
  async lead({ fence, signal }: Leadership): Promise<void> {
    const { live, random, logger } = this.deps;
    let news = true;
    const unsubscribe = live.subscribe((dirty) => {
      if (dirty.agents.size === 0 && dirty.physnets.size === 0 && !dirty.whole) return;
      news = true;
      this.#wake();
    });
    let failures = 0;
    try {
      while (!signal.aborted) {
        try {
          if (this.#isDue()) await this.#look(signal);
          news = false;
          await this.#write(fence, signal);
          failures = 0;
        } catch (cause) {
          if (signal.aborted) return;
          logger.warn({ cause }, 'could not write what is known of physical networks; will try again');
          news = false;
          await this.#pause(backoffDelay(retry, failures++, random()), signal);
          continue;
        }
        if (!news) await this.#pause(Math.max(0, this.#dueIn()), signal);
      }
    } finally {
      unsubscribe();
    }
  }

  /** For /readyz: what the operator should know of each physical network. */
  facts(): Readonly<Record<string, unknown>> {
    const { view } = this.deps.live;
    const physnets = this.#options.map((option) => [option.physnet, view.physnets.describe(option)] as const);
    return physnets.length === 0 ? {} : { vlans: Object.fromEntries(physnets) };
  }

  get #options(): VlanOption[] {
    return this.deps.policy.options.filter((option) => option.type === 'vlan');
  }

  /** Records of physical networks that the configuration does not name any more. */
  #strays(): string[] {
    const named = new Set(this.#options.map(({ physnet }) => physnet));
    return [...this.deps.live.view.physnets.names()].filter((physnet) => !named.has(physnet));
  }

  #isDue(): boolean {
    return this.#lookedAt === null || this.#dueIn() <= 0;
  }

  #dueIn(): number {
    const { neutron, clock } = this.deps;
    return (this.#lookedAt ?? 0) + (neutron?.pollMs ?? idleMs) - clock.monotonic();
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { neutron, clock, logger } = this.deps;
    const finding = await (neutron ? this.#ask(neutron.client, signal) : undefined);
    this.#lookedAt = clock.monotonic();
    this.#findings = new Map(
      this.#options.map((option) => [
        option.physnet,
        option.exclusive ? { is: 'exclusive' } : (finding?.(option) ?? nobody),
      ]),
    );
    for (const { physnet } of this.#options) {
      const found = this.#findings.get(physnet);
      const why = found && 'why' in found ? found.why : '';
      if (this.#said.get(physnet) === why) continue;
      if (why !== '') logger.warn({ physnet, why }, 'copies may not begin to travel by VLANs of this physnet');
      else if (this.#said.has(physnet)) logger.info({ physnet }, 'copies may travel by VLANs of this physnet');
      this.#said.set(physnet, why);
    }
  }

  /** @returns what follows for an option */
  async #ask(
    client: Pick<NeutronClient, 'networks' | 'segmentRanges'>,
    signal: AbortSignal,
  ): Promise<((option: VlanOption) => Finding) | undefined> {
    if (this.#options.every(({ exclusive }) => exclusive)) return undefined;
    try {
      const [networks, ranges] = [await client.networks(signal), await client.segmentRanges(signal)];
      return (option) => {
        const why = judgeVlans(option, networks, ranges);
        return why === null ? { is: 'safe' } : { is: 'unsafe', why };
      };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof UpstreamUnavailableError)) throw error;
      const why = `Neutron cannot be asked what else is on the physnet: ${error.message}`;
      return () => ({ is: 'unknown', why });
    }
  }

  async #write(fence: Leadership['fence'], signal: AbortSignal): Promise<void> {
    const { store, live } = this.deps;
    for (const transaction of this.#plan(fence)) {
      const result = await store.transact(transaction, { signal });
      if (!result.succeeded)
        throw new PhysnetConflict('the records of physical networks were changed by somebody else');
      await live.reached(result.revision, catchUpMs, signal);
    }
  }

  #plan(fence: Leadership['fence']): readonly Transaction[] {
    const { live, logger } = this.deps;
    const { view } = live;
    const steps = this.#options.flatMap((option) => {
      try {
        return this.#planOne(option);
      } catch (cause) {
        // Of this physical network alone: what is written of it stays.
        logger.error({ cause, physnet: option.physnet }, 'what is known of this physnet could not be worked out');
        return [];
      }
    });
    const gone = this.#strays().map((physnet): Step => {
      const key = keys.physnet(physnet);
      return { compare: [unchanged(key, view.physnets.record(physnet))], operations: [{ kind: 'delete', key }] };
    });
    return [...packSteps([...steps, ...gone], [fence])];
  }

  #planOne(option: VlanOption): readonly Step[] {
    const { live, clock, keepMs } = this.deps;
    const { view } = live;
    const finding = this.#findings.get(option.physnet) ?? nobody;
    const entry = view.physnets.record(option.physnet);
    const record = physnetVerdict({
      reserved: option,
      finding,
      before: entry?.record ?? null,
      ...{ nodes: view.physnets.uplinksOf(option.physnet), now: clock.now(), keepMs },
    });
    const value = physnetCodec.format(record);
    if (value === entry?.value) return [];
    const key = keys.physnet(option.physnet);
    return [{ compare: [unchanged(key, entry)], operations: [{ kind: 'put', key, value }] }];
  }

  /** Returns early when there is something new. */
  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const wake = () => woken.abort();
    this.#wake = wake;
    signal.addEventListener('abort', wake, { once: true });
    if (signal.aborted) wake();
    try {
      await this.deps.clock.sleep(ms, woken.signal);
    } catch (error) {
      if (!woken.signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }
}

const nobody: Finding = {
  is: 'unsafe',
  why: 'nobody can tell what else is on the physnet: neutron.url is not set, and its segments are not marked as exclusive',
};

const unchanged = (key: string, entry: { readonly revision: number } | undefined) =>
  entry ? ({ kind: 'mod-revision', key, revision: entry.revision } as const) : ({ kind: 'absent', key } as const);

/** Somebody else has written: another leader, or a view that was behind. */
class PhysnetConflict extends Error {
  override readonly name = 'PhysnetConflict';
}
