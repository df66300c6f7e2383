import {
  bindingOrOwnerChanged,
  createPortWatcher,
  type NeutronClient,
  type NeutronPort,
  type PortChange,
  type PortWatcher,
} from '@taas/neutron';
import type { Clock, Logger } from '@taas/service';
import type { Leadership, Store, Verdict } from '@taas/store';
import type { Behalves } from '../auth/actor.js';
import type { Contained } from '../errors/contained.js';
import type { Slices } from '../slices/slices.js';
import { removeTapsOfPort } from '../taps/removal/port-removal.js';
import type { KnownPlace } from '../view/bound-ports.js';
import type { LiveView } from '../view/live-view.js';
import { OwnWrites } from '../view/own-writes.js';
import { tappedPorts } from '../view/tapped-ports.js';
import type { BindingsFrom } from './bindings-from.js';
import { placeOfPort } from './neutron-place.js';
import { type BindingSource, type OwnerSource, PortBinder } from './port-binder.js';
import { V2Bindings } from './v2-bindings.js';

export interface PortKeeperDeps {
  readonly store: Store;
  readonly live: LiveView;
  readonly bindings: BindingsFrom;
  /** Null without a Neutron; then no port's deletion is noticed, only that it is unbound. */
  readonly neutron: { readonly client: NeutronClient; readonly pollMs: number } | null;
  /** A port is gone: what else is known of it no longer counts. */
  readonly portDeleted: (port: string) => void;
  /** Judges the signature of a key of networking-vpp's in the v2 store; null where it needs none. */
  readonly verify?: (key: string, text: string) => Verdict | null;
  /** Those of all that this server does. */
  readonly slices: Slices;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly catchUpMs: number;
  /** Tells the audit trail why taps go. */
  readonly behalves?: Behalves;
  readonly contained?: Contained;
}

/** What has become of some ports could not be dealt with; the others' changes were. */
class PortChangesError extends Error {
  override readonly name = 'PortChangesError';
  constructor(ports: readonly string[]) {
    super(`${ports.length} ports could not be dealt with, such as ${ports[0]}; it is tried again`);
  }
}

/** What the leader does about ports: writes where they are bound, and takes their taps away when they are deleted. */
export class PortKeeper {
  #watcher: PortWatcher | null = null;
  #v2: V2Bindings | null = null;
  readonly #writes = new OwnWrites();

  constructor(private readonly deps: PortKeeperDeps) {}

  /** Works until the leadership ends. Begins each time without any knowledge: others may have led meanwhile. */
  async lead(leadership: Leadership): Promise<void> {
    const { bindings, neutron, live, logger } = this.deps;
    let seen: ReadonlyMap<string, NeutronPort> = new Map();
    const fromNeutron: BindingSource = {
      place: (port) => {
        const found = seen.get(port);
        return found && placeOfPort(found);
      },
      wanted: () => this.#watcher?.wake(),
    };
    this.#v2 = bindings.from === 'etcd-v2' ? new V2Bindings(bindings.follower, logger, this.deps.verify) : null;
    const source = bindings.from === 'neutron' ? fromNeutron : this.#v2;
    const owners: OwnerSource = {
      owner: (port) => seen.get(port)?.projectId,
      wanted: () => this.#watcher?.wake(),
      unbound: (port) => this.#watcher?.suspect(port),
    };
    const binder = new PortBinder({ ...this.deps, source, owners: neutron && owners });
    this.#watcher =
      neutron &&
      createPortWatcher({
        ...this.deps,
        ...{ client: neutron.client, intervalMs: neutron.pollMs, portIds: () => tappedPorts(live.view) },
        onRound: async ({ changes, ports }) => {
          seen = ports;
          await this.#dealWith(changes, binder, leadership.signal);
        },
      });
    try {
      const { signal } = leadership;
      await Promise.all([binder.lead(leadership), this.#v2?.follow(binder, signal), this.#watcher?.run(signal)]);
    } finally {
      this.#watcher = null;
      this.#v2 = null;
    }
  }

  /** Where a port is bound, if this replica leads and can say it by what it follows anyway. */
  place(port: string): KnownPlace | undefined {
    return this.#v2?.place(port);
  }

  /** For /readyz; of the leader, since the others ask nobody. */
  facts(): Readonly<Record<string, unknown>> {
    return {
      bindings_from: this.deps.bindings.from,
      ...(this.#v2 ? { networking_vpp: this.#v2.inSight ? 'in sight' : 'out of sight' } : {}),
      ...(this.#watcher ? { ports_seen_ms_ago: this.#watcher.age() } : {}),
    };
  }

  /**
   * Each change, whatever becomes of the others.
   * @throws PortChangesError if one could not be dealt with, so that they come again with the next poll
   */
  async #dealWith(changes: readonly PortChange[], binder: PortBinder, signal: AbortSignal): Promise<void> {
    const failed: string[] = [];
    for (const change of changes) {
      const port = change.kind === 'deleted' ? change.portId : change.port.id;
      try {
        if (change.kind === 'deleted') await this.#deleted(port);
        else if (bindingOrOwnerChanged(change)) binder.lookAt([port]);
      } catch (error) {
        signal.throwIfAborted();
        this.deps.contained?.note(`port ${port}`, error);
        failed.push(port);
      }
    }
    if (failed.length > 0) throw new PortChangesError(failed);
  }

  async #deleted(port: string): Promise<void> {
    this.deps.logger.info({ port }, 'the port is gone from Neutron: its taps go with it');
    await removeTapsOfPort({ ...this.deps, writes: this.#writes }, port);
    this.deps.portDeleted(port);
  }
}
