import { IndexPool } from './index-pool.js';
import {
  DEFAULT_MTU,
  type FloodClass,
  hardwareOf,
  type Interface,
  type InterfaceKind,
  newCounters,
  type SubInterfaceMatch,
} from './interface.js';
import { EngineError } from './retval.js';
import { tagKey } from './vlan-match.js';

/** What happened to an interface, as VPP's own callbacks say it. */
export type InterfaceChange = 'added' | 'deleted' | 'admin-up' | 'admin-down' | 'link-up' | 'link-down';

/** What a new interface with a wire of its own is to be. */
export interface InterfaceTemplate {
  readonly kind: Exclude<InterfaceKind, 'sub'>;
  readonly name: string;
  readonly deviceType: string;
  readonly mac: Uint8Array;
  readonly floodClass?: FloodClass;
  readonly transmit?: Interface['transmit'];
  readonly socket?: string | undefined;
}

/** All interfaces of one simulated VPP, by sw_if_index. */
export class InterfaceTable {
  readonly #pool = new IndexPool();
  readonly #byIndex: (Interface | undefined)[] = [];
  readonly #watchers: ((of: Interface, change: InterfaceChange) => void)[] = [];

  /** Calls `watcher` at every change; a deleted interface is still in the table when it is called. */
  onChange(watcher: (of: Interface, change: InterfaceChange) => void): void {
    this.#watchers.push(watcher);
  }

  find(swIfIndex: number): Interface | undefined {
    return this.#byIndex[swIfIndex];
  }

  /** @throws EngineError INVALID_SW_IF_INDEX when there is no such interface. */
  get(swIfIndex: number): Interface {
    const found = this.#byIndex[swIfIndex];
    if (found === undefined) throw new EngineError('INVALID_SW_IF_INDEX', `there is no interface ${swIfIndex}`);
    return found;
  }

  /** Every interface in the order of sw_if_index. */
  *all(): Generator<Interface> {
    for (const found of this.#byIndex) if (found !== undefined) yield found;
  }

  /** Adds an interface with a wire of its own: down, untagged. */
  add(template: InterfaceTemplate): Interface {
    return this.#insert({
      ...template,
      transmit: template.transmit,
      socket: template.socket,
      floodClass: template.floodClass ?? 'normal',
      parent: undefined,
      match: undefined,
    });
  }

  /**
   * Adds a sub-interface.
   * @throws EngineError VLAN_ALREADY_EXISTS for a taken id, `taken` for taken tags.
   */
  addSub(parent: Interface, match: SubInterfaceMatch, taken: 'INVALID_REGISTRATION' | 'UNSPECIFIED'): Interface {
    if (parent.subs.has(match.subId))
      throw new EngineError('VLAN_ALREADY_EXISTS', `${parent.name} has a sub-interface ${match.subId}`);
    const key = tagKey(match);
    if (parent.tagTable.has(key)) {
      this.#undoSub(parent, key);
      throw new EngineError(taken, `${parent.name} has a sub-interface for these tags`);
    }
    const name = `${parent.name}.${match.subId}`;
    const { deviceType, mac } = parent;
    const rest = { deviceType, mac, floodClass: 'normal', transmit: undefined, socket: undefined } as const;
    const sub = this.#insert({ ...rest, kind: 'sub', name, parent, match });
    parent.subs.set(match.subId, sub);
    parent.tagTable.set(key, sub);
    return sub;
  }

  /**
   * A sub-interface whose tags are taken is made and deleted again, with its event; deleting it takes the tags away from
   * the sub-interface that had them, which from then on receives nothing (vnet/ethernet/node.c).
   */
  #undoSub(parent: Interface, key: number): void {
    const index = this.#pool.take();
    parent.tagTable.delete(key);
    this.#notify({ ...parent, swIfIndex: index, kind: 'sub', parent }, 'deleted');
    this.#pool.give(index);
  }

  #insert(
    fields: Pick<
      Interface,
      'kind' | 'name' | 'deviceType' | 'mac' | 'parent' | 'match' | 'floodClass' | 'transmit' | 'socket'
    >,
  ): Interface {
    const created: Interface = {
      ...fields,
      swIfIndex: this.#pool.take(),
      subs: new Map(),
      tagTable: new Map(),
      counters: newCounters(),
      adminUp: false,
      spanDestination: fields.kind !== 'local',
      linkUp: false,
      mtu: fields.parent === undefined && fields.kind !== 'local' ? DEFAULT_MTU : 0,
      tag: '',
    };
    this.#byIndex[created.swIfIndex] = created;
    this.#notify(created, 'added');
    return created;
  }

  /** Deletes an interface; its sub-interfaces go first, so that its own index is the next one given. */
  delete(of: Interface): void {
    for (const sub of [...of.subs.values()]) this.delete(sub);
    if (of.match !== undefined && of.parent !== undefined) {
      of.parent.subs.delete(of.match.subId);
      of.parent.tagTable.delete(tagKey(of.match));
    }
    if (of.parent === undefined) this.setSpanDestination(of, false);
    of.tag = '';
    this.setAdmin(of, false);
    this.#notify(of, 'deleted');
    this.#byIndex[of.swIfIndex] = undefined;
    this.#pool.give(of.swIfIndex);
  }

  /**
   * Sets an interface administratively up or down. A sub-interface stays up when its parent goes down.
   * @throws EngineError UNSPECIFIED for a sub-interface that is to go up while its parent is down.
   */
  setAdmin(of: Interface, up: boolean): void {
    if (up && of.parent !== undefined && !of.parent.adminUp)
      throw new EngineError('UNSPECIFIED', `super-interface ${of.parent.name} must be up`);
    if (of.adminUp === up) return;
    of.adminUp = up;
    this.#notify(of, up ? 'admin-up' : 'admin-down');
    if (of.parent === undefined) this.#setLink(of);
  }

  /** Attaches a VM or a cable, or takes it away. */
  setSpanDestination(of: Interface, spanDestination: boolean): void {
    of.spanDestination = spanDestination;
    this.#setLink(of);
  }

  /** VPP's drivers give link only to what is administratively up. */
  #setLink(of: Interface): void {
    const up = of.adminUp && of.spanDestination;
    if (of.linkUp === up) return;
    of.linkUp = up;
    this.#notify(of, up ? 'link-up' : 'link-down');
  }

  #notify(of: Interface, change: InterfaceChange): void {
    for (const watcher of this.#watchers) watcher(of, change);
  }
}

/** Whether frames can leave: VPP asks the wire's own interface alone, so a sub-interface that is down still sends. */
export function canTransmit(of: Interface): boolean {
  const wire = hardwareOf(of);
  return wire.adminUp && wire.linkUp;
}
