import { IndexPool } from './index-pool.js';
import { EngineError } from './retval.js';

/** What a policer was asked to be, as VPP lists it. */
export interface PolicerSpec {
  /** kbit/s, or packets/s of 256 bytes each. */
  readonly cir: number;
  readonly eir: number;
  /** Bytes, or milliseconds where the rate is in packets. */
  readonly cb: bigint;
  readonly eb: bigint;
  readonly rateType: number;
  readonly roundType: number;
  readonly type: number;
  readonly colorAware: boolean;
  readonly actions: PolicerActions;
}

export interface PolicerActions {
  readonly conform: PolicerAction;
  readonly exceed: PolicerAction;
  readonly violate: PolicerAction;
}

export interface PolicerAction {
  readonly type: number;
  readonly dscp: number;
}

export interface PolicerCount {
  packets: number;
  bytes: number;
}

export interface Policer {
  readonly index: number;
  readonly name: string;
  spec: PolicerSpec;
  /** Tokens left, in bytes. */
  bucket: number;
  /** Of the clock, in ms. */
  updated: number;
  counts: { readonly conform: PolicerCount; readonly violate: PolicerCount };
}

const RATE = { kbps: 0, pps: 1 };
const ACTION = { drop: 0 };
/** VPP takes a packet to have this many bytes where a rate is in packets: it polices bytes in any case. */
const PACKET_BYTES = 256;

/**
 * VPP's policers of one rate and two colours (plugins/policer): a bucket of tokens, a byte each. VPP fills it in steps of
 * some 50 microseconds, the simulator all the time.
 */
export class PolicerTable {
  readonly #pool = new IndexPool();
  readonly #policers = new Map<number, Policer>();

  /** @param now milliseconds of a clock that never goes back */
  constructor(private readonly now: () => number) {}

  /** @throws EngineError VALUE_EXIST for a name that is taken, INVALID_VALUE for a rate or burst that VPP refuses. */
  add(name: string, spec: PolicerSpec): Policer {
    if (this.named(name)) throw new EngineError('VALUE_EXIST', `there is a policer ${name}`);
    check(spec);
    const policer = { index: this.#pool.take(), name, ...this.#fresh(spec) };
    this.#policers.set(policer.index, policer);
    return policer;
  }

  /** Fills the bucket and begins to count anew. @throws EngineError NO_SUCH_ENTRY, INVALID_VALUE. */
  update(index: number, spec: PolicerSpec): void {
    const policer = this.#policers.get(index);
    if (policer === undefined) throw new EngineError('NO_SUCH_ENTRY', `there is no policer ${index}`);
    check(spec);
    Object.assign(policer, this.#fresh(spec));
  }

  /** Tables that name it are not told: they go by whoever gets the index. @throws EngineError NO_SUCH_ENTRY. */
  delete(name: string): void {
    const policer = this.named(name);
    if (policer === undefined) throw new EngineError('NO_SUCH_ENTRY', `there is no policer ${name}`);
    this.#policers.delete(policer.index);
    this.#pool.give(policer.index);
  }

  find(index: number): Policer | undefined {
    return this.#policers.get(index);
  }

  named(name: string): Policer | undefined {
    return [...this.#policers.values()].find((each) => each.name === name);
  }

  all(): Policer[] {
    return [...this.#policers.values()].sort((a, b) => a.index - b.index);
  }

  /** Counts a packet, and says whether it goes on. */
  passes(index: number, bytes: number): boolean {
    const policer = this.#policers.get(index);
    if (policer === undefined) return true;
    const now = this.now();
    const { rate, limit } = bucketOf(policer.spec);
    policer.bucket = Math.min(limit, policer.bucket + ((now - policer.updated) * rate) / 1000);
    policer.updated = now;
    const conforms = policer.bucket >= bytes;
    if (conforms) policer.bucket -= bytes;
    const count = conforms ? policer.counts.conform : policer.counts.violate;
    count.packets += 1;
    count.bytes += bytes;
    const { actions } = policer.spec;
    return (conforms ? actions.conform : actions.violate).type !== ACTION.drop;
  }

  #fresh(spec: PolicerSpec) {
    const counts = { conform: { packets: 0, bytes: 0 }, violate: { packets: 0, bytes: 0 } };
    return { spec, bucket: bucketOf(spec).limit, updated: this.now(), counts };
  }
}

/** In bytes, and bytes a second. */
function bucketOf({ cir, cb, rateType }: PolicerSpec): { rate: number; limit: number } {
  if (rateType === RATE.kbps) return { rate: cir * 125, limit: Number(cb) };
  const kbps = Math.round((cir * PACKET_BYTES * 8) / 1000);
  return { rate: kbps * 125, limit: Math.round((Number(cb) * kbps) / 8) };
}

function check({ cir, eir, cb, eb, rateType, type }: PolicerSpec): void {
  // What else VPP can do, nobody asks for.
  if (type !== 0) throw new EngineError('UNIMPLEMENTED', 'only policers of one rate and two colours');
  const isRate = rateType === RATE.kbps || rateType === RATE.pps;
  const isOff = cir === 0 && cb === 0n && eb === 0n;
  if (!isRate || (!isOff && (cir === 0 || eir !== 0 || cb === 0n || eb !== 0n)))
    throw new EngineError('INVALID_VALUE', 'a policer of one rate and two colours has a rate and a burst');
}
