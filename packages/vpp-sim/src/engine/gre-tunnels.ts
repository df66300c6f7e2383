import { ip4Packet, ip6Packet } from '@taas/packets';
import { IndexPool } from './index-pool.js';
import type { Interface } from './interface.js';
import { EngineError } from './retval.js';

/** What a GRE tunnel carries: IP packets, whole frames, or whole frames in ERSPAN type II. */
export const GRE_TYPE = { L3: 0, TEB: 1, ERSPAN: 2 } as const;

const GRE_PROTOCOL = 47;
const TEB_ETHERTYPE = 0x6558;
const ERSPAN_ETHERTYPE = 0x88be;
const MAX_SESSION = 0x3ff;
const KEY_PRESENT = 0x2000;
/** VPP begins with one more, which the routing of the outer packet takes. */
const IP4_TTL = 253;
const IP6_HOP_LIMIT = 254;

/** What identifies a tunnel and where it leads; addresses are 4 or 16 bytes. */
export interface GreSpec {
  readonly type: number;
  readonly instance: number | undefined;
  readonly src: Uint8Array;
  readonly dst: Uint8Array;
  /** ERSPAN's session, 0 to 1023. */
  readonly sessionId: number;
  /** The GRE key that every packet carries; 0 is none. */
  readonly key: number;
  readonly outerTableId: number;
  readonly flags: number;
}

export interface GreTunnel extends GreSpec {
  readonly instance: number;
  readonly interface: Interface;
}

/** The GRE tunnels. Only point-to-point ones; nothing but transparent Ethernet is unwrapped. */
export class GreTable {
  readonly #byKey = new Map<string, GreTunnel>();
  readonly #byInterface = new Map<number, GreTunnel>();
  readonly #instances = new Set<number>();
  readonly #places = new Map<GreTunnel, number>();
  readonly #pool = new IndexPool();
  /** Packets that each ERSPAN session has wrapped. */
  readonly #sequences = new Map<GreTunnel, number>();

  /** @throws EngineError SAME_SRC_DST, INVALID_PROTOCOL, NO_SUCH_FIB, INVALID_SESSION_ID, IF_ALREADY_EXISTS, INSTANCE_IN_USE. */
  add(spec: GreSpec, makeInterface: (instance: number) => Interface): GreTunnel {
    checkSpec(spec);
    const key = greKey(spec);
    if (this.#byKey.has(key)) throw new EngineError('IF_ALREADY_EXISTS', 'there is such a GRE tunnel');
    const place = this.#pool.take();
    const instance = spec.instance ?? place;
    if (this.#instances.has(instance)) {
      this.#pool.give(place);
      throw new EngineError('INSTANCE_IN_USE', `there is a GRE tunnel ${instance}`);
    }
    const tunnel: GreTunnel = { ...spec, instance, interface: makeInterface(instance) };
    this.#places.set(tunnel, place);
    this.#instances.add(instance);
    this.#byKey.set(key, tunnel);
    this.#byInterface.set(tunnel.interface.swIfIndex, tunnel);
    return tunnel;
  }

  /** Removes a tunnel and returns it; its interface is the caller's to delete. @throws EngineError as `add`, NO_SUCH_ENTRY. */
  remove(spec: GreSpec): GreTunnel {
    checkSpec(spec);
    const key = greKey(spec);
    const tunnel = this.#byKey.get(key);
    if (tunnel === undefined) throw new EngineError('NO_SUCH_ENTRY', 'there is no such GRE tunnel');
    this.#byKey.delete(key);
    this.#byInterface.delete(tunnel.interface.swIfIndex);
    this.#instances.delete(tunnel.instance);
    const place = this.#places.get(tunnel);
    if (place !== undefined) this.#pool.give(place);
    this.#places.delete(tunnel);
    this.#sequences.delete(tunnel);
    return tunnel;
  }

  ofInterface(swIfIndex: number): GreTunnel | undefined {
    return this.#byInterface.get(swIfIndex);
  }

  /** In the order of VPP's pool: a tunnel takes the place of the one deleted last. */
  all(): Iterable<GreTunnel> {
    return [...this.#places].sort(([, a], [, b]) => a - b).map(([tunnel]) => tunnel);
  }

  /** The tunnel for transparent Ethernet that came from `src` to our `dst` with a key, or with none (0). */
  match(src: Uint8Array, dst: Uint8Array, key: number): GreTunnel | undefined {
    return this.#byKey.get(greKey({ type: GRE_TYPE.TEB, src: dst, dst: src, sessionId: 0, key }));
  }

  /** The IP packet around a frame; undefined for a tunnel that carries no frames. */
  wrap(tunnel: GreTunnel, inner: Uint8Array): Uint8Array | undefined {
    if (tunnel.type === GRE_TYPE.L3) return undefined;
    const head =
      tunnel.type === GRE_TYPE.TEB ? tebHeader(tunnel.key) : erspanHeader(tunnel.sessionId, this.#sequence(tunnel));
    const payload = Buffer.concat([head, inner]);
    return tunnel.src.length === 4
      ? ip4Packet(tunnel.src, tunnel.dst, GRE_PROTOCOL, IP4_TTL, payload)
      : ip6Packet(tunnel.src, tunnel.dst, GRE_PROTOCOL, IP6_HOP_LIMIT, payload);
  }

  /**
   * The sequence number of a session's next packet. VPP means to share it among the sessions between two addresses, but
   * those after the first count in a word of memory that is not theirs and begin anywhere; here each counts from zero.
   */
  #sequence(tunnel: GreTunnel): number {
    const next = this.#sequences.get(tunnel) ?? 0;
    this.#sequences.set(tunnel, (next + 1) >>> 0);
    return next;
  }
}

/** What VPP measures against a tunnel's MTU: the frame, and in ERSPAN the sequence number and ERSPAN's header. */
export function grePayload({ type }: GreTunnel, frame: Uint8Array): number {
  return frame.length + (type === GRE_TYPE.ERSPAN ? 12 : 0);
}

function checkSpec(spec: GreSpec): void {
  if (spec.src.length !== spec.dst.length)
    throw new EngineError('INVALID_PROTOCOL', 'source and destination are not of one IP version');
  if (Buffer.compare(spec.src, spec.dst) === 0)
    throw new EngineError('SAME_SRC_DST', 'source and destination are the same');
  if (spec.outerTableId !== 0) throw new EngineError('NO_SUCH_FIB', `there is no VRF ${spec.outerTableId}`);
  if (spec.sessionId > MAX_SESSION)
    throw new EngineError('INVALID_SESSION_ID', `session ${spec.sessionId} is above ${MAX_SESSION}`);
  if (spec.type === GRE_TYPE.ERSPAN && spec.key !== 0)
    throw new EngineError('UNIMPLEMENTED', 'the simulator has no ERSPAN tunnels with a GRE key');
}

function greKey(spec: Pick<GreSpec, 'type' | 'src' | 'dst' | 'sessionId' | 'key'>): string {
  const session = spec.type === GRE_TYPE.ERSPAN ? spec.sessionId : 0;
  const addresses = Buffer.concat([spec.src, spec.dst]).toString('hex');
  return `${addresses}/${spec.type}/${session}/${spec.key}`;
}

/** GRE for transparent Ethernet; with a key, the bit that says so and the key (RFC 2890). */
function tebHeader(key: number): Uint8Array {
  const header = new Uint8Array(key === 0 ? 4 : 8);
  const view = new DataView(header.buffer);
  view.setUint16(2, TEB_ETHERTYPE);
  if (key !== 0) {
    view.setUint16(0, KEY_PRESENT);
    view.setUint32(4, key);
  }
  return header;
}

/** GRE with a sequence number, then ERSPAN type II: version 1, both "encapsulation" bits set, all else 0 (VPP's way). */
function erspanHeader(session: number, sequence: number): Uint8Array {
  const header = new Uint8Array(16);
  const view = new DataView(header.buffer);
  view.setUint16(0, 0x1000);
  view.setUint16(2, ERSPAN_ETHERTYPE);
  view.setUint32(4, sequence);
  view.setUint16(8, 0x1000);
  view.setUint16(10, 0x1800 | session);
  return header;
}

/** The frame inside a GRE packet of transparent Ethernet, and its key (0: none); `at` is where GRE starts. */
export function unwrapTeb(
  frame: Uint8Array,
  at: number,
): { readonly key: number; readonly inner: Uint8Array } | undefined {
  if (frame.length < at + 22) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const flags = view.getUint16(at);
  if ((flags !== 0 && flags !== KEY_PRESENT) || view.getUint16(at + 2) !== TEB_ETHERTYPE) return undefined;
  return flags === 0
    ? { key: 0, inner: frame.slice(at + 4) }
    : { key: view.getUint32(at + 4), inner: frame.slice(at + 8) };
}
