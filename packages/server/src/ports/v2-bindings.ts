import { parseKey, prefixes, RecordError } from '@taas/model';
import type { Logger } from '@taas/service';
import type { V2Entry, V2Event, V2Follower, Verdict } from '@taas/store';
import { type BindingKey, BoundPorts, type KnownPlace } from '../view/bound-ports.js';
import { boundBy, type PortsBound, parsePortsBound } from '../view/port-binding.js';
import type { BindingSource } from './port-binder.js';

export interface BindingListener {
  /** Something may be new of these ports. */
  lookAt(ports: Iterable<string>): void;
  /** Of all. */
  lookAtAll(): void;
}

/**
 * networking-vpp's bindings as it writes them: by etcd's v2 API, at `/networking-vpp/nodes/<node>/ports/<port>`, one JSON
 * object a key without time to live, deleted when the port is unbound (mech_vpp.py, EtcdAgentCommunicator); a trunk's subports
 * likewise in `.../trunks/<trunk's port>` (services/trunk/trunk_vpp.py).
 */
export class V2Bindings implements BindingSource {
  #bound: BoundPorts | null = null;

  constructor(
    private readonly follower: V2Follower,
    private readonly logger: Logger,
    private readonly verify: (key: string, text: string) => Verdict | null = () => null,
  ) {}

  /** Whether the keys can be seen now. */
  get inSight(): boolean {
    return this.#bound !== null;
  }

  place(port: string): KnownPlace | undefined {
    const place = this.#bound?.place(port);
    return place?.is === 'unknown' ? undefined : place;
  }

  wanted(): void {
    // All ports are followed anyway.
  }

  async follow(listener: BindingListener, signal: AbortSignal): Promise<void> {
    try {
      for await (const event of this.follower.follow(prefixes.nodes.replace(/\/$/, ''), signal))
        this.#take(event, listener);
    } finally {
      this.#bound = null;
    }
  }

  #take(event: V2Event, listener: BindingListener): void {
    if (event.kind === 'stale') {
      this.logger.warn({ cause: event.cause }, "networking-vpp's keys in etcd are out of sight; what is known stays");
      this.#bound = null;
      return;
    }
    if (event.kind === 'snapshot') {
      this.logger.info(
        { index: event.index, keys: event.entries.length },
        "networking-vpp's keys in etcd are in sight",
      );
      this.#bound = new BoundPorts();
      for (const entry of event.entries) this.#set(entry.key, entry);
      listener.lookAtAll();
      return;
    }
    const ports = event.changes.map((change) =>
      change.kind === 'put' ? this.#set(change.entry.key, change.entry) : this.#set(change.key, undefined),
    );
    listener.lookAt(ports.flatMap((some) => [...some]));
  }

  /** @returns the ports that the key is, or was, about */
  #set(key: string, entry: V2Entry | undefined): Iterable<string> {
    const at = parseKey(key);
    if (this.#bound === null || (at.is !== 'bound-port' && at.is !== 'bound-trunk')) return [];
    if (entry === undefined) return this.#bound.set(at, undefined);
    const verdict = this.verify(key, entry.value) ?? { value: entry.value };
    if ('refused' in verdict) return this.#bound.refuse(at);
    return this.#bound.set(at, boundBy(at, entry.modifiedIndex, this.#parse(at, { ...entry, value: verdict.value })));
  }

  #parse(at: BindingKey, { key, value }: V2Entry): PortsBound | null {
    try {
      return parsePortsBound(at, key, value);
    } catch (error) {
      // Whatever it is, it is of this key alone.
      const problem = error instanceof RecordError ? error.problem : String(error);
      this.logger.error({ key, problem }, "malformed key of networking-vpp's: it is left out");
      return null;
    }
  }
}
