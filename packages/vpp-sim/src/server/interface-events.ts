import type { Interface } from '../engine/interface.js';
import type { InterfaceChange } from '../engine/interface-table.js';

/** An event as `sw_interface_event` says it. */
export interface InterfaceEvent {
  readonly swIfIndex: number;
  /** Only what just went up: 1 administratively, 2 the link. It is not the interface's state. */
  readonly flags: number;
  readonly deleted: boolean;
}

const FLAGS: Readonly<Partial<Record<InterfaceChange, number>>> = { 'admin-up': 1, 'link-up': 2 };

/**
 * Collects what happens to interfaces and tells it a little later, one event an index, as VPP's own process does. So an
 * index that was deleted and given again in between is one event that says "deleted".
 */
export class InterfaceEventBatch {
  #pending = new Map<number, InterfaceEvent>();

  constructor(
    private readonly tell: (events: readonly InterfaceEvent[]) => void,
    private readonly later: (callback: () => void) => void = setImmediate,
  ) {}

  add(of: Interface, change: InterfaceChange): void {
    if (this.#pending.size === 0) this.later(() => this.#flush());
    const before = this.#pending.get(of.swIfIndex);
    this.#pending.set(of.swIfIndex, {
      swIfIndex: of.swIfIndex,
      flags: (before?.flags ?? 0) | (FLAGS[change] ?? 0),
      deleted: before?.deleted === true || change === 'deleted',
    });
  }

  #flush(): void {
    const events = [...this.#pending.values()].sort((a, b) => a.swIfIndex - b.swIfIndex);
    this.#pending = new Map();
    this.tell(events);
  }
}
