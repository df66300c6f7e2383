import { type BackoffPolicy, backoffDelay, type Clock, type Logger } from '@taas/service';
import type { Leadership, Store } from '@taas/store';
import { planBinding, planOwner } from '../compiler/plan-binding.js';
import type { Step } from '../compiler/step.js';
import { packSteps } from '../compiler/transactions.js';
import type { Sliced, Slices } from '../slices/slices.js';
import type { KnownPlace } from '../view/bound-ports.js';
import { everyPort } from '../view/everything.js';
import type { LiveView } from '../view/live-view.js';
import { portTapped } from '../view/tapped-ports.js';

/** Whoever knows where ports are bound. */
export interface BindingSource {
  /** Undefined if that cannot be said now: what is known of the port already then stays. */
  place(port: string): KnownPlace | undefined;
  /** There are ports of taps of which nothing is known: it may be worth a poll before the next regular one. */
  wanted(): void;
}

/** Whoever knows whose ports are. */
export interface OwnerSource {
  /** Undefined if that cannot be said now; null if Neutron does not say it. */
  owner(port: string): string | null | undefined;
  /** There are ports of taps whose owner nobody has told. */
  wanted(): void;
  /** A port of a tap is bound nowhere any more: it moves, or it is gone. */
  unbound(port: string): void;
}

export interface PortBinderDeps {
  readonly store: Store;
  readonly live: LiveView;
  /** Null if networking-vpp's keys are in our own etcd, where the view reads them: then no record is wanted. */
  readonly source: BindingSource | null;
  /** Null without a Neutron. */
  readonly owners: OwnerSource | null;
  /** After a start all ports are looked at, and whenever a large tap service goes all of its. */
  readonly slices: Slices;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly catchUpMs: number;
}

const retry: BackoffPolicy = { firstMs: 20, maxMs: 5_000 };

/**
 * Keeps a record in etcd of where each port with taps is bound and whose it is, as a source outside says, so that all servers know
 * it in the order of etcd's revisions, and still know it when the source cannot be asked. For the leader alone.
 */
export class PortBinder {
  readonly #waiting = new Set<string>();
  /** All ports are to be looked at. */
  #all = false;
  #wake: () => void = () => undefined;

  constructor(private readonly deps: PortBinderDeps) {}

  /** The source may have something new to say of these ports. */
  lookAt(ports: Iterable<string>): void {
    for (const port of ports) this.#waiting.add(port);
    this.#wake();
  }

  lookAtAll(): void {
    this.#all = true;
    this.#wake();
  }

  /** Works until the leadership ends. */
  async lead({ signal, fence }: Leadership): Promise<void> {
    const { live, clock, random, logger } = this.deps;
    const unsubscribe = live.subscribe((dirty) => (dirty.whole ? this.lookAtAll() : this.lookAt(dirty.ports)));
    const onAbort = () => this.#wake();
    signal.addEventListener('abort', onAbort, { once: true });
    this.lookAtAll();
    let failures = 0;
    try {
      while (!signal.aborted) {
        await this.#news();
        const { all, ports } = this.#take();
        try {
          await this.#write(all ? this.#withAll(ports) : ports, fence, signal);
          failures = 0;
        } catch (cause) {
          if (signal.aborted) return;
          const which = all ? 'all' : ports.length;
          logger.warn({ cause, ports: which }, 'could not write where ports are bound; will try again');
          if (all) this.lookAtAll();
          this.lookAt(ports);
          await clock.sleep(backoffDelay(retry, failures++, random()), signal).catch(() => undefined);
        }
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      unsubscribe();
      this.#take();
    }
  }

  #take(): { readonly all: boolean; readonly ports: readonly string[] } {
    const taken = { all: this.#all, ports: [...this.#waiting] };
    this.#all = false;
    this.#waiting.clear();
    return taken;
  }

  /** All that there are, each once. */
  *#withAll(ports: readonly string[]): Generator<string> {
    const seen = new Set<string>();
    for (const some of [ports, everyPort(this.deps.live.view)])
      for (const port of some) {
        if (seen.has(port)) continue;
        seen.add(port);
        yield port;
      }
  }

  async #write(ports: Iterable<string>, fence: Leadership['fence'], signal: AbortSignal): Promise<void> {
    const { store, live, source, owners, catchUpMs, logger, slices } = this.deps;
    let placeWanted = false;
    let ownerWanted = false;
    const planned = function* (): Sliced<readonly Step[]> {
      const steps: Step[] = [];
      for (const port of ports) {
        steps.push(...planOf(port));
        yield;
      }
      return steps;
    };
    const planOf = (port: string): readonly Step[] => {
      try {
        const place = source?.place(port);
        const owner = owners?.owner(port);
        const tapped = portTapped(live.view, port);
        if (tapped && place?.is === 'unbound' && live.view.places.record(port)?.record?.node != null)
          owners?.unbound(port);
        placeWanted ||= tapped && place === undefined;
        ownerWanted ||=
          tapped && owner === undefined && live.view.portRoles.get(port)?.record?.project_id === undefined;
        return [...planBinding(live.view, port, place), ...planOwner(live.view, port, owner)];
      } catch (cause) {
        // Of this port alone; it is looked at again when there is something new of it.
        logger.error({ cause, port }, 'it could not be worked out where this port is bound');
        return [];
      }
    };
    const steps = await slices.run('', planned(), signal);
    if (placeWanted) source?.wanted();
    if (ownerWanted) owners?.wanted();
    for (const transaction of packSteps(steps, [fence])) {
      const result = await store.transact(transaction, { signal });
      if (!result.succeeded) throw new PortBindingConflict('the records of bindings were changed by somebody else');
      await live.reached(result.revision, catchUpMs, signal);
    }
  }

  /** Resolves when there is something to look at, or when it is woken because the leadership has ended. */
  async #news(): Promise<void> {
    if (this.#all || this.#waiting.size > 0) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** Somebody else has written: another leader, or a view that was behind. */
class PortBindingConflict extends Error {
  override readonly name = 'PortBindingConflict';
}
