import type { Interface } from './interface.js';
import { NO_INDEX } from './interface.js';
import { INPUT } from './l2-features.js';
import { EngineError } from './retval.js';

const MAX_BD_ID = (1 << 24) - 1;
/** What VPP gives to a bridge domain that came to be by adding an interface to it (vnet/l2/l2_bd.c). */
const DEFAULT_FEATURES = INPUT.LEARN | INPUT.FWD | INPUT.FLOOD | INPUT.UU_FLOOD;
/** Bits that a bridge domain does not govern: always let through. */
const NOT_GOVERNED = ~(DEFAULT_FEATURES | INPUT.ARP_TERM | INPUT.UU_FWD | INPUT.ARP_UFWD);

/** A member with the split-horizon group it had when it joined. */
export interface Member {
  readonly interface: Interface;
  readonly shg: number;
}

/** Which interface a MAC address is behind. */
export interface MacEntry {
  readonly swIfIndex: number;
  /** The BVI's own address: never learnt over. */
  readonly isBvi: boolean;
}

/** A bridge domain. */
export interface BridgeDomain {
  readonly id: number;
  /** LEARN, FWD, FLOOD, UU_FLOOD, ARP_TERM, UU_FWD and ARP_UFWD as far as switched on, and all other bits. */
  features: number;
  readonly macAge: number;
  readonly tag: string;
  bvi: number;
  uuFwd: number;
  readonly members: Map<number, Member>;
  /** The members that floods reach: all but loopbacks. Kept apart, since thousands of those may be members. */
  readonly floodMembers: Map<number, Member>;
  readonly macs: Map<string, MacEntry>;
  /** MACs by interface, so that a leaving member costs no walk over the table. */
  readonly macsOf: Map<number, Set<string>>;
}

/** What a new bridge domain is to be. */
export interface BridgeDomainSpec {
  readonly learn: boolean;
  readonly forward: boolean;
  readonly flood: boolean;
  readonly uuFlood: boolean;
  readonly arpTerm: boolean;
  readonly arpUfwd: boolean;
  readonly macAge: number;
  readonly tag: string;
}

/** The bridge domains of one simulated VPP, by id. */
export class BridgeDomainTable {
  readonly #byId = new Map<number, BridgeDomain>();

  find(id: number): BridgeDomain | undefined {
    return this.#byId.get(id);
  }

  all(): Iterable<BridgeDomain> {
    return this.#byId.values();
  }

  /** @throws EngineError BD_ALREADY_EXISTS, BD_ID_EXCEED_MAX. */
  add(id: number, spec: BridgeDomainSpec): BridgeDomain {
    if (id === 0 || this.#byId.has(id)) throw new EngineError('BD_ALREADY_EXISTS', `bridge domain ${id} exists`);
    checkId(id);
    const features =
      (spec.learn ? INPUT.LEARN : 0) |
      (spec.forward ? INPUT.FWD : 0) |
      (spec.flood ? INPUT.FLOOD : 0) |
      (spec.uuFlood ? INPUT.UU_FLOOD : 0) |
      (spec.arpTerm ? INPUT.ARP_TERM : 0) |
      (spec.arpUfwd ? INPUT.ARP_UFWD : 0);
    return this.#create(id, features, spec.macAge, spec.tag);
  }

  /** The bridge domain `id`, made with VPP's defaults if it is not there. @throws EngineError BD_ID_EXCEED_MAX. */
  findOrAdd(id: number): BridgeDomain {
    checkId(id);
    return this.#byId.get(id) ?? this.#create(id, DEFAULT_FEATURES, 0, '');
  }

  /** The lowest id not in use: the answer to a request for "any" id. */
  unusedId(): number {
    let id = 1;
    while (this.#byId.has(id)) id += 1;
    return id;
  }

  /** @throws EngineError NO_SUCH_ENTRY, BD_NOT_MODIFIABLE for 0, BD_IN_USE while it has members. */
  delete(id: number): void {
    if (id === 0) throw new EngineError('BD_NOT_MODIFIABLE', 'bridge domain 0 cannot be deleted');
    const found = this.#byId.get(id);
    if (found === undefined) throw new EngineError('NO_SUCH_ENTRY', `there is no bridge domain ${id}`);
    if (found.members.size > 0) throw new EngineError('BD_IN_USE', `bridge domain ${id} has members`);
    this.#byId.delete(id);
  }

  #create(id: number, features: number, macAge: number, tag: string): BridgeDomain {
    const created: BridgeDomain = {
      id,
      features: features | NOT_GOVERNED,
      macAge,
      tag,
      bvi: NO_INDEX,
      uuFwd: NO_INDEX,
      members: new Map(),
      floodMembers: new Map(),
      macs: new Map(),
      macsOf: new Map(),
    };
    this.#byId.set(id, created);
    return created;
  }
}

function checkId(id: number): void {
  if (id > MAX_BD_ID) throw new EngineError('BD_ID_EXCEED_MAX', `bridge domain id ${id} is above ${MAX_BD_ID}`);
}

/** Notes that `mac` is behind `swIfIndex`. */
export function learnMac(bd: BridgeDomain, mac: string, swIfIndex: number, isBvi: boolean): void {
  const old = bd.macs.get(mac);
  if (old !== undefined) bd.macsOf.get(old.swIfIndex)?.delete(mac);
  bd.macs.set(mac, { swIfIndex, isBvi });
  const mine = bd.macsOf.get(swIfIndex);
  if (mine === undefined) bd.macsOf.set(swIfIndex, new Set([mac]));
  else mine.add(mac);
}

/** Forgets every MAC behind an interface. */
export function flushMacs(bd: BridgeDomain, swIfIndex: number): void {
  for (const mac of bd.macsOf.get(swIfIndex) ?? []) bd.macs.delete(mac);
  bd.macsOf.delete(swIfIndex);
}
