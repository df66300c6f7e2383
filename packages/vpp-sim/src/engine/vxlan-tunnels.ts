import { VXLAN_PORT, type VxlanPacket } from '@taas/packets';
import { IndexPool } from './index-pool.js';
import type { Interface } from './interface.js';
import { EngineError } from './retval.js';

/** What identifies a tunnel and where it leads. Addresses are 4 or 16 bytes; port 0 is VXLAN's own. */
export interface TunnelSpec {
  readonly instance: number | undefined;
  readonly src: Uint8Array;
  readonly dst: Uint8Array;
  readonly srcPort: number;
  readonly dstPort: number;
  readonly mcastSwIfIndex: number;
  readonly encapVrfId: number;
  readonly decapNextIndex: number;
  readonly vni: number;
}

export interface Tunnel extends TunnelSpec {
  readonly instance: number;
  readonly interface: Interface;
}

/** The VXLAN tunnels, found by what comes in and by the interface that stands for them. */
export class VxlanTable {
  readonly #byKey = new Map<string, Tunnel>();
  readonly #byInterface = new Map<number, Tunnel>();
  readonly #instances = new Map<number, Tunnel>();
  readonly #instancePool = new IndexPool();

  /**
   * Adds a tunnel, with the interface that `makeInterface` makes under its instance number.
   * @throws EngineError NO_SUCH_FIB, INVALID_VALUE, SAME_SRC_DST, TUNNEL_EXIST, INSTANCE_IN_USE as VPP does.
   */
  add(given: TunnelSpec, makeInterface: (instance: number) => Interface): Tunnel {
    const spec = withPorts(given);
    checkSpec(spec);
    const key = tunnelKey(spec.src, spec.dst, spec.srcPort, spec.vni);
    if (this.#byKey.has(key)) throw new EngineError('TUNNEL_EXIST', `there is a tunnel with VNI ${spec.vni}`);
    const place = this.#instancePool.take();
    const instance = spec.instance ?? place;
    if (this.#instances.has(instance)) {
      this.#instancePool.give(place);
      throw new EngineError('INSTANCE_IN_USE', `there is a VXLAN tunnel ${instance}`);
    }
    const tunnel: Tunnel = { ...spec, instance, interface: makeInterface(instance) };
    this.#places.set(tunnel, place);
    this.#instances.set(instance, tunnel);
    this.#byKey.set(key, tunnel);
    this.#byInterface.set(tunnel.interface.swIfIndex, tunnel);
    return tunnel;
  }

  readonly #places = new Map<Tunnel, number>();

  /** Removes a tunnel and returns it; its interface is the caller's to delete. @throws EngineError as `add`, NO_SUCH_ENTRY. */
  remove(given: TunnelSpec): Tunnel {
    const spec = withPorts(given);
    checkSpec(spec);
    const key = tunnelKey(spec.src, spec.dst, spec.srcPort, spec.vni);
    const tunnel = this.#byKey.get(key);
    if (tunnel === undefined) throw new EngineError('NO_SUCH_ENTRY', `there is no tunnel with VNI ${spec.vni}`);
    this.#byKey.delete(key);
    this.#byInterface.delete(tunnel.interface.swIfIndex);
    this.#instances.delete(tunnel.instance);
    const place = this.#places.get(tunnel);
    if (place !== undefined) this.#instancePool.give(place);
    this.#places.delete(tunnel);
    return tunnel;
  }

  ofInterface(swIfIndex: number): Tunnel | undefined {
    return this.#byInterface.get(swIfIndex);
  }

  /** In the order of VPP's pool: a tunnel takes the place of the one deleted last. */
  all(): Iterable<Tunnel> {
    return [...this.#places].sort(([, a], [, b]) => a - b).map(([tunnel]) => tunnel);
  }

  /** The tunnel that a received packet belongs to: its source is our destination, its destination our source. */
  match(packet: VxlanPacket): Tunnel | undefined {
    return this.#byKey.get(tunnelKey(packet.dst, packet.src, packet.dstPort, packet.vni));
  }
}

function withPorts(spec: TunnelSpec): TunnelSpec {
  return { ...spec, srcPort: spec.srcPort || VXLAN_PORT, dstPort: spec.dstPort || VXLAN_PORT };
}

function checkSpec(spec: TunnelSpec): void {
  if (spec.encapVrfId !== 0) throw new EngineError('NO_SUCH_FIB', `there is no VRF ${spec.encapVrfId}`);
  if (spec.src.length !== spec.dst.length)
    throw new EngineError('INVALID_VALUE', 'source and destination are not of one IP version');
  if (Buffer.compare(spec.src, spec.dst) === 0)
    throw new EngineError('SAME_SRC_DST', 'source and destination are the same');
}

/** VPP looks an IPv6 tunnel up without the local address (plugins/vxlan/vxlan.c). */
function tunnelKey(local: Uint8Array, remote: Uint8Array, port: number, vni: number): string {
  const addresses = local.length === 4 ? Buffer.concat([local, remote]) : Buffer.from(remote);
  return `${addresses.toString('hex')}/${port}/${vni}`;
}
