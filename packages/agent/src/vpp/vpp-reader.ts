import {
  type ActualRoute,
  featureBits,
  type Interest,
  parseOwnTag,
  type Sight,
  type SpanState,
  type VppSnapshot,
} from '@taas/wiring';
import { type AgentMessages, type DetailsFields, VppCodecError, VppRetvalError } from 'vpp-api';
import type { Contained } from '../contained.js';
import { readApplied, readSpare } from './classifier-tables.js';
import { lookUpInterface } from './look-up-interface.js';
import { allInterfaces, listObjects, strangeInterface } from './objects.js';
import { readPoliced, readPolicers, readPolicing } from './policers.js';
import { lookUpRoute, toGreTunnel } from './underlay-messages.js';
import { anyIndex, inputEtherTypes, toAcl, toBridgeDomain, toInterface, toTunnel, type Vpp } from './vpp-messages.js';

/** Objects to read again, after they were changed. */
export interface Touched {
  readonly interfaces: ReadonlySet<number>;
  readonly domains: ReadonlySet<number>;
  readonly spans: boolean;
  readonly tunnels: boolean;
  readonly acls: boolean;
  /** Interfaces on which a classifier was put or taken off. */
  readonly classified: ReadonlySet<number>;
  /** Whether classifier tables were made or deleted. */
  readonly tables: boolean;
  /** Interfaces on which a policer was put or taken off. */
  readonly policed: ReadonlySet<number>;
  readonly policers: boolean;
}

/** Above this many mirrors the table is too long to be read after each change: VPP cannot dump a part of it. */
const longSpanTable = 2000;

/** More interfaces than this are read with one dump of all: a dump each is two messages each, and an answer to wait for. */
const manyInterfaces = 1000;

/** Reads VPP's state into a snapshot; requests are pipelined, and each method resolves when the snapshot says what VPP said. */
export class VppReader {
  #spanCount = 0;

  constructor(
    private readonly vpp: Vpp,
    private readonly snapshot: VppSnapshot,
    private readonly contained: Contained,
  ) {}

  /** Everything but L2 features, which VPP tells only interface by interface. */
  async readAll(): Promise<void> {
    await Promise.all([
      this.readInterfaces(),
      this.#readDomains(),
      this.readSpans(),
      this.#readTunnels(),
      this.#readAcls(),
    ]);
    await this.#readClassifiers(await this.#readPolicing(null));
  }

  /** Whether the mirrors are too many to be read often. */
  get hasManySpans(): boolean {
    return this.#spanCount > longSpanTable;
  }

  /** Reads again how these things stand; all mirrors with them, unless they are too many. */
  async readSights(sights: readonly Sight[]): Promise<void> {
    const [features, remotes] = [new Set<number>(), new Set<string>()];
    const reading: Promise<void>[] = this.hasManySpans ? [] : [this.readSpans()];
    const own = (tag: string) =>
      this.contained.attemptAsync(tag, () => Promise.all(this.#readTagged(tag)).then(() => undefined), undefined);
    for (const sight of sights)
      if (sight.of === 'own') reading.push(own(sight.tag));
      else if (sight.of === 'source') features.add(sight.index);
      else remotes.add(sight.remote);
    await Promise.all([...reading, this.readDetails({ features, remotes })]);
  }

  /** All that is known with a tag of ours. */
  *#readTagged(tag: string): Generator<Promise<void>> {
    for (const { index } of [...this.snapshot.tagged(tag)]) {
      yield this.readInterface(index);
      yield this.#readFeatures(index).then(() => this.#readFilter(index));
    }
    for (const { id } of [...this.snapshot.bridgeDomainsTagged(tag)]) yield this.#readDomain(id);
    for (const { index } of [...this.snapshot.aclsTagged(tag)]) yield this.#readAcl(index);
  }

  /** What filters an interface, if anything may. */
  async #readFilter(index: number): Promise<void> {
    const bits = this.snapshot.features(index)?.input ?? 0;
    if (this.snapshot.binding(index).input.length > 0 || (bits & featureBits.inputAcl) !== 0)
      await this.#readBinding(index);
  }

  async #readAcl(index: number): Promise<void> {
    const { details, odd } = await listObjects(this.vpp, this.contained, 'acl_dump', { acl_index: index });
    this.#putAcls(details);
    if (details.length === 0 && !odd.has(index)) this.snapshot.removeAcl(index);
  }

  async #readBinding(index: number): Promise<void> {
    const [[bound], [listed]] = await Promise.all([
      this.vpp.dump('acl_interface_list_dump', { sw_if_index: index }),
      this.vpp.dump('acl_interface_etype_whitelist_dump', { sw_if_index: index }),
    ]);
    const { acls = [], n_input: inputs = 0 } = bound ?? {};
    this.snapshot.putBinding(index, { input: acls.slice(0, inputs), output: acls.slice(inputs) });
    this.snapshot.putEtherTypes(index, listed ? inputEtherTypes(listed) : []);
  }

  async readInterfaces(): Promise<void> {
    const [{ details: sockets }, { details: interfaces, odd }] = await Promise.all([
      listObjects(this.vpp, this.contained, 'sw_interface_vhost_user_dump', { sw_if_index: anyIndex }),
      listObjects(this.vpp, this.contained, 'sw_interface_dump', allInterfaces),
    ]);
    const socketOf = new Map(sockets.map(({ sw_if_index, sock_filename }) => [sw_if_index, sock_filename]));
    const seen = new Set([...interfaces.map(({ sw_if_index }) => sw_if_index), ...odd]);
    for (const { index } of [...this.snapshot.interfaces()]) if (!seen.has(index)) this.snapshot.removeInterface(index);
    for (const index of odd) this.snapshot.putInterface(strangeInterface(index));
    for (const details of interfaces) {
      const { sw_if_index: index } = details;
      const entry = this.#read(`interface ${index}`, () => toInterface(details, socketOf.get(index)));
      this.snapshot.putInterface(entry ?? strangeInterface(index));
    }
  }

  async readInterface(index: number): Promise<void> {
    const look = () => lookUpInterface(this.vpp, index);
    const entry = await this.contained.attemptAsync(`interface ${index}`, look, strangeInterface(index));
    if (entry) this.snapshot.putInterface(entry);
    else this.snapshot.removeInterface(index);
  }

  /** @returns null for an object of VPP that nobody can make sense of */
  #read<T>(what: string, read: () => T): T | null {
    return this.contained.attempt(what, read, null);
  }

  async readFeatures(indices: Iterable<number>): Promise<void> {
    await Promise.all([...indices].map((index) => this.#readFeatures(index)));
  }

  /** What VPP tells only one by one: L2 features, and the way to addresses outside with the interfaces that it takes. */
  async readDetails(interest: Pick<Interest, 'features' | 'remotes'>): Promise<void> {
    await Promise.all([this.readFeatures(interest.features), this.#readRoutes(interest.remotes)]);
  }

  async #readRoutes(remotes: ReadonlySet<string>): Promise<void> {
    const out = new Set<number>();
    await Promise.all(
      [...remotes].map(async (address) => {
        const route = await this.#routeTo(address);
        this.snapshot.putRoute(address, route);
        if (route.to === 'interface') out.add(route.index);
      }),
    );
    await Promise.all([...out].map((index) => this.readInterface(index)));
  }

  /** An address that VPP has no words for is one that nothing leads to; whoever wants to send there is told so. */
  async #routeTo(address: string): Promise<ActualRoute> {
    try {
      return await lookUpRoute(this.vpp, address);
    } catch (error) {
      if (!(error instanceof VppCodecError) || this.contained.ends(error)) throw error;
      return { to: 'nowhere' };
    }
  }

  async readTouched(touched: Touched): Promise<void> {
    await Promise.all([
      ...(touched.interfaces.size > manyInterfaces
        ? [this.readInterfaces()]
        : [...touched.interfaces].map((index) => this.readInterface(index))),
      ...[...touched.domains].map((id) => this.#readDomain(id)),
      ...(touched.spans && !this.hasManySpans ? [this.readSpans()] : []),
      ...(touched.tunnels ? [this.#readTunnels()] : []),
      ...(touched.acls ? [this.#readAcls()] : []),
      ...[...touched.classified].map((index) => this.#readClassifier(index)),
      ...(touched.tables ? [this.#checkSpareTables()] : []),
      ...(touched.policers ? [this.#readPolicing(touched.policed)] : []),
    ]);
  }

  async #readFeatures(index: number): Promise<void> {
    try {
      const reply = await this.vpp.request('l2_flags_get', { sw_if_index: index });
      this.snapshot.putFeatures(index, { input: reply.input_feature_bitmap, output: reply.output_feature_bitmap });
    } catch (error) {
      // VPP's answer for an interface that is neither bridged nor cross-connected, and for one that is not there.
      if (!(error instanceof VppRetvalError)) throw error;
      this.snapshot.putFeatures(index, null);
    }
  }

  async #readDomains(): Promise<void> {
    const all = { bd_id: anyIndex, sw_if_index: anyIndex };
    const { details: domains, odd } = await listObjects(this.vpp, this.contained, 'bridge_domain_dump', all);
    // What cannot be read is not gone: as much as is known of it stays.
    const seen = new Set([...domains.map(({ bd_id }) => bd_id), ...odd]);
    for (const { id } of [...this.snapshot.bridgeDomains()]) if (!seen.has(id)) this.snapshot.removeBridgeDomain(id);
    this.#putDomains(domains);
  }

  async #readDomain(id: number): Promise<void> {
    const one = { bd_id: id, sw_if_index: anyIndex };
    const { details, odd } = await listObjects(this.vpp, this.contained, 'bridge_domain_dump', one);
    this.#putDomains(details);
    if (details.length === 0 && !odd.has(id)) this.snapshot.removeBridgeDomain(id);
  }

  #putDomains(domains: readonly DetailsFields<AgentMessages, 'bridge_domain_dump'>[]): void {
    for (const details of domains) {
      const domain = this.#read(`bridge domain ${details.bd_id}`, () => toBridgeDomain(details));
      if (domain) this.snapshot.putBridgeDomain(domain);
    }
  }

  #putAcls(acls: readonly DetailsFields<AgentMessages, 'acl_dump'>[]): void {
    for (const details of acls) {
      const acl = this.#read(`ACL ${details.acl_index}`, () => toAcl(details));
      if (acl) this.snapshot.putAcl(acl);
    }
  }

  /** All mirrors: VPP cannot list a part of them. */
  async readSpans(): Promise<void> {
    const spans = await this.vpp.dump('sw_interface_span_dump', { is_l2: true });
    this.#spanCount = spans.length;
    this.snapshot.setSpans(
      spans.map((d) => [d.sw_if_index_from, d.sw_if_index_to, (d.state & 3) as SpanState] as const),
    );
  }

  async #readTunnels(): Promise<void> {
    const [{ details: tunnels, odd }, { details: gre }] = await Promise.all([
      listObjects(this.vpp, this.contained, 'vxlan_tunnel_v2_dump', { sw_if_index: anyIndex }),
      listObjects(this.vpp, this.contained, 'gre_tunnel_v2_dump', { sw_if_index: anyIndex }),
    ]);
    const ours = gre.flatMap((details) => this.#read('a GRE tunnel', () => toGreTunnel(details)) ?? []);
    const indices = new Set(ours.map(({ index }) => index));
    for (const { index } of [...this.snapshot.gre.all()]) if (!indices.has(index)) this.snapshot.gre.remove(index);
    for (const tunnel of ours) this.snapshot.gre.put(tunnel);
    const seen = new Set([...tunnels.map(({ sw_if_index }) => sw_if_index), ...odd]);
    for (const { index } of [...this.snapshot.tunnels()]) if (!seen.has(index)) this.snapshot.removeTunnel(index);
    for (const details of tunnels) {
      const tunnel = this.#read(`VXLAN tunnel ${details.sw_if_index}`, () => toTunnel(details));
      if (tunnel) this.snapshot.putTunnel(tunnel);
    }
  }

  async #readAcls(): Promise<void> {
    const { details: acls, odd } = await listObjects(this.vpp, this.contained, 'acl_dump', { acl_index: anyIndex });
    const seen = new Set([...acls.map(({ acl_index }) => acl_index), ...odd]);
    for (const { index } of [...this.snapshot.acls()]) if (!seen.has(index)) this.snapshot.removeAcl(index);
    this.#putAcls(acls);
    this.snapshot.clearBindings();
    const whole = { sw_if_index: anyIndex };
    for (const list of (await listObjects(this.vpp, this.contained, 'acl_interface_etype_whitelist_dump', whole))
      .details)
      this.snapshot.putEtherTypes(list.sw_if_index, inputEtherTypes(list));
    // Bindings are one message an interface: only worth asking for if one of them could be ours.
    if (!acls.some(({ tag }) => parseOwnTag(tag) !== null)) return;
    const { details: lists } = await listObjects(this.vpp, this.contained, 'acl_interface_list_dump', whole);
    for (const { sw_if_index, n_input, acls: all } of lists)
      this.snapshot.putBinding(sw_if_index, { input: all.slice(0, n_input), output: all.slice(n_input) });
  }

  /**
   * Tables on our loopbacks, and what is left of ours elsewhere; the interfaces must have been read.
   * @param policing tables that are no filters, and in use
   */
  async #readClassifiers(policing: Iterable<number>): Promise<void> {
    const { ids } = await this.vpp.request('classify_table_ids', {});
    const loopbacks = ['flow', 'entry'];
    const ours = [...this.snapshot.interfaces()].filter(({ tag }) => loopbacks.includes(parseOwnTag(tag)?.kind ?? ''));
    const applied = new Set(policing);
    // An interface of ours is not asked where VPP has no table at all: with thousands of flows that is most of reading.
    for (const { index } of ours) if (ids.length === 0) this.snapshot.putClassifier(index, undefined);
    if (ids.length > 0)
      for (const chain of await Promise.all(ours.map(({ index }) => this.#readClassifier(index)))) {
        // The tables behind one that cannot be read may be in use.
        if (chain === null) return;
        for (const table of chain) applied.add(table);
      }
    this.snapshot.setSpareClassifiers(ids.length > 0 ? await readSpare(this.vpp, applied, this.contained) : []);
  }

  /**
   * Our policers, and where frames are policed.
   * @param only interfaces of which to look at the tables; null for all
   * @returns the tables
   */
  async #readPolicing(only: ReadonlySet<number> | null): Promise<readonly number[]> {
    if (!this.vpp.has('policer_dump_v2')) return [];
    const [policers, listed] = await Promise.all([readPolicers(this.vpp), readPoliced(this.vpp)]);
    this.snapshot.setPolicers(policers);
    for (const index of [...this.snapshot.policed()])
      if (!listed.has(index)) this.snapshot.putPolicing(index, undefined);
    await Promise.all(
      [...listed].map(async ([index, table]) => {
        // VPP keeps the table of an interface that is gone, for whoever gets its index.
        if (!this.snapshot.interface(index) || only?.has(index) === false) return;
        const read = () => readPolicing(this.vpp, table);
        const policing = await this.contained.attemptAsync(`policing of interface ${index}`, read, null);
        if (policing) this.snapshot.putPolicing(index, policing);
      }),
    );
    return [...listed.values()];
  }

  /** @returns the tables; null if they cannot be read: as much as is known of them stays */
  async #readClassifier(index: number): Promise<readonly number[] | null> {
    const read = () => readApplied(this.vpp, index);
    const applied = await this.contained.attemptAsync(`classifier of interface ${index}`, read, null);
    if (applied === null) return null;
    this.snapshot.putClassifier(index, applied);
    return applied?.tables ?? [];
  }

  /** Spare tables that are gone now; new ones are for the next reading of everything to find. */
  async #checkSpareTables(): Promise<void> {
    const known = [...this.snapshot.spareClassifiers()];
    if (known.length === 0) return;
    const { ids } = await this.vpp.request('classify_table_ids', {});
    this.snapshot.setSpareClassifiers(known.filter((head) => ids.includes(head)));
  }
}
