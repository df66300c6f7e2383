import { type AclIp, aclPacket } from './acl-packet.js';
import { IndexPool } from './index-pool.js';
import { NO_INDEX } from './interface.js';
import type { L2ConfigTable } from './l2-config.js';
import { INPUT, OUTPUT } from './l2-features.js';
import { EngineError } from './retval.js';

/** An address range of a rule; 4 or 16 bytes. */
export interface Prefix {
  readonly address: Uint8Array;
  readonly length: number;
}

/** One rule; ports are for ICMP the type and the code. `action` 0 denies, 1 permits, 2 permits and reflects. */
export interface AclRule {
  readonly action: number;
  readonly src: Prefix;
  readonly dst: Prefix;
  /** IP protocol, 0 for any. */
  readonly protocol: number;
  readonly srcPortFirst: number;
  readonly srcPortLast: number;
  readonly dstPortFirst: number;
  readonly dstPortLast: number;
  readonly tcpFlagsMask: number;
  readonly tcpFlagsValue: number;
}

export interface Acl {
  readonly index: number;
  readonly tag: string;
  readonly rules: readonly AclRule[];
}

interface Binding {
  readonly input: readonly number[];
  readonly output: readonly number[];
}

const UNBOUND: Binding = { input: [], output: [] };

/**
 * The ACLs and where they are applied. Like the plugin, it switches the L2 feature only when an interface gets its first
 * ACL and loses its last: an interface that left L2 mode and came back is not filtered until both are done again.
 */
export class AclTable {
  readonly #pool = new IndexPool();
  readonly #acls = new Map<number, Acl>();
  readonly #bindings = new Map<number, Binding>();
  /** By sw_if_index, also of interfaces that are gone. */
  readonly #etherTypes = new Map<number, Binding>();
  readonly #uses = { input: new Map<number, number>(), output: new Map<number, number>() };

  /** @param anyIp6Length false: as VPPs before 25.06, which look at the wrong byte of a prefix that does not end at a whole one */
  constructor(
    private readonly configs: L2ConfigTable,
    private readonly anyIp6Length = true,
  ) {}

  /**
   * Adds an ACL (`index` ~0) or replaces the rules of one.
   * @throws EngineError NO_SUCH_ENTRY for an index that is not there; INVALID_SRC_ADDRESS, INVALID_DST_ADDRESS for a
   * prefix with host bits or of another IP version; INVALID_VALUE_2 for a port range upside down.
   */
  addReplace(index: number, tag: string, rules: readonly AclRule[]): number {
    for (const rule of rules) checkRule(rule);
    if (index !== NO_INDEX && !this.#acls.has(index))
      throw new EngineError('NO_SUCH_ENTRY', `there is no ACL ${index}`);
    const place = index === NO_INDEX ? this.#pool.take() : index;
    this.#acls.set(place, { index: place, tag, rules });
    return place;
  }

  /** @throws EngineError NO_SUCH_ENTRY, ACL_IN_USE_INBOUND, ACL_IN_USE_OUTBOUND. */
  delete(index: number): void {
    if (!this.#acls.has(index)) throw new EngineError('NO_SUCH_ENTRY', `there is no ACL ${index}`);
    if (this.#uses.input.has(index)) throw new EngineError('ACL_IN_USE_INBOUND', `ACL ${index} is applied`);
    if (this.#uses.output.has(index)) throw new EngineError('ACL_IN_USE_OUTBOUND', `ACL ${index} is applied`);
    this.#acls.delete(index);
    this.#pool.give(index);
  }

  find(index: number): Acl | undefined {
    return this.#acls.get(index);
  }

  *all(): Generator<Acl> {
    for (const index of [...this.#acls.keys()].sort((a, b) => a - b)) {
      const acl = this.#acls.get(index);
      if (acl !== undefined) yield acl;
    }
  }

  /** @throws EngineError NO_SUCH_ENTRY for an ACL that is not there, ENTRY_ALREADY_EXISTS for one named twice. */
  bind(swIfIndex: number, input: readonly number[], output: readonly number[]): void {
    for (const list of [input, output]) {
      const missing = list.find((index) => !this.#acls.has(index));
      if (missing !== undefined) throw new EngineError('NO_SUCH_ENTRY', `there is no ACL ${missing}`);
      if (new Set(list).size !== list.length) throw new EngineError('ENTRY_ALREADY_EXISTS', 'an ACL is named twice');
    }
    const old = this.bindingOf(swIfIndex);
    for (const side of ['input', 'output'] as const) {
      for (const index of old[side]) addUse(this.#uses[side], index, -1);
      for (const index of side === 'input' ? input : output) addUse(this.#uses[side], index, 1);
    }
    this.#switchFeature(swIfIndex, 'input', old.input.length > 0, input.length > 0);
    this.#switchFeature(swIfIndex, 'output', old.output.length > 0, output.length > 0);
    if (input.length + output.length === 0) this.#bindings.delete(swIfIndex);
    else this.#bindings.set(swIfIndex, { input: [...input], output: [...output] });
  }

  #switchFeature(swIfIndex: number, side: 'input' | 'output', before: boolean, after: boolean): void {
    if (before === after) return;
    const config = this.configs.at(swIfIndex);
    if (side === 'input')
      config.inputFeatures = after ? config.inputFeatures | INPUT.FEAT_ARC : config.inputFeatures & ~INPUT.FEAT_ARC;
    else
      config.outputFeatures = after
        ? config.outputFeatures | OUTPUT.FEAT_ARC
        : config.outputFeatures & ~OUTPUT.FEAT_ARC;
  }

  bindingOf(swIfIndex: number): Binding {
    return this.#bindings.get(swIfIndex) ?? UNBOUND;
  }

  /** The ethertypes other than IP's that pass where ACLs are applied; none: all. The next interface inherits them. */
  limitEtherTypes(swIfIndex: number, input: readonly number[], output: readonly number[]): void {
    if (input.length + output.length === 0) this.#etherTypes.delete(swIfIndex);
    else this.#etherTypes.set(swIfIndex, { input: [...input], output: [...output] });
  }

  etherTypesOf(swIfIndex: number): Binding {
    return this.#etherTypes.get(swIfIndex) ?? UNBOUND;
  }

  /** Whether a frame passes the ACLs on one side of an interface: by its rules if it is IP, else by its ethertype. */
  permits(swIfIndex: number, side: 'input' | 'output', frame: Uint8Array): boolean {
    const lists = this.bindingOf(swIfIndex)[side];
    if (lists.length === 0) return true;
    const { ip, etherType } = aclPacket(frame);
    if (ip === undefined) {
      const passing = this.etherTypesOf(swIfIndex)[side];
      return passing.length === 0 || passing.includes(etherType);
    }
    for (const index of lists) {
      const rule = this.#acls.get(index)?.rules.find((candidate) => ruleMatches(candidate, ip, this.anyIp6Length));
      if (rule !== undefined) return rule.action !== 0;
    }
    return false;
  }
}

function addUse(uses: Map<number, number>, index: number, by: number): void {
  const count = (uses.get(index) ?? 0) + by;
  if (count === 0) uses.delete(index);
  else uses.set(index, count);
}

function checkRule(rule: AclRule): void {
  if (hasHostBits(rule.src)) throw new EngineError('INVALID_SRC_ADDRESS', 'a source prefix has host bits');
  if (hasHostBits(rule.dst)) throw new EngineError('INVALID_DST_ADDRESS', 'a destination prefix has host bits');
  if (rule.src.address.length !== rule.dst.address.length)
    throw new EngineError('INVALID_SRC_ADDRESS', 'source and destination are not of one IP version');
  if (rule.srcPortFirst > rule.srcPortLast || rule.dstPortFirst > rule.dstPortLast)
    throw new EngineError('INVALID_VALUE_2', 'a port range is upside down');
}

function hasHostBits({ address, length }: Prefix): boolean {
  if (length > 8 * address.length) return true;
  for (let bit = length; bit < 8 * address.length; bit += 1)
    if (((address[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0) return true;
  return false;
}

/** Whether a rule applies to a packet (plugins/acl/public_inlines.h). */
function ruleMatches(rule: AclRule, ip: AclIp, anyIp6Length: boolean): boolean {
  if (rule.src.address.length !== ip.src.length) return false;
  const isIn = anyIp6Length || ip.src.length === 4 ? inPrefix : inPrefixByWrongByte;
  if (!isIn(ip.dst, rule.dst) || !isIn(ip.src, rule.src)) return false;
  if (rule.protocol === 0) return true;
  if (rule.protocol !== ip.protocol) return false;
  // A later fragment has no ports: it goes with the rule that its first fragment could have matched.
  if (ip.laterFragment) return true;
  if (ip.transport === undefined) return false;
  const { srcPort, dstPort, tcpFlags } = ip.transport;
  if (srcPort < rule.srcPortFirst || srcPort > rule.srcPortLast) return false;
  if (dstPort < rule.dstPortFirst || dstPort > rule.dstPortLast) return false;
  return tcpFlags === undefined || (tcpFlags & rule.tcpFlagsMask) === rule.tcpFlagsValue;
}

/** VPP's fa_acl_match_ip6_addr before 25.06 (plugins/acl/public_inlines.h). */
function inPrefixByWrongByte(address: Uint8Array, { address: prefix, length }: Prefix): boolean {
  const whole = length >> 3;
  for (let i = 0; i < whole; i += 1) if (address[i] !== prefix[i]) return false;
  if (length % 8 === 0) return true;
  const mask = (0xff00 >> (length & 7)) & 0xff;
  return ((address[whole + 1] ?? 0) & mask) === (prefix[whole + 1] ?? 0);
}

function inPrefix(address: Uint8Array, { address: prefix, length }: Prefix): boolean {
  const whole = length >> 3;
  for (let i = 0; i < whole; i += 1) if (address[i] !== prefix[i]) return false;
  const mask = (0xff00 >> (length & 7)) & 0xff;
  return ((address[whole] ?? 0) & mask) === ((prefix[whole] ?? 0) & mask);
}
