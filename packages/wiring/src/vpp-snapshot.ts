import type {
  AclBinding,
  ActualAcl,
  ActualBridgeDomain,
  ActualClassifier,
  ActualInterface,
  ActualPolicer,
  ActualPolicing,
  ActualTunnel,
  ActualView,
  L2Features,
  Membership,
  SpanState,
} from './actual.js';
import { GreTunnels } from './actual-gre.js';
import { IndexOf } from './index-of.js';
import { SpanTable } from './span-table.js';
import { parseOwnTag, portIdInPath } from './tags.js';
import type { ActualRoute } from './underlay.js';

const unbound: AclBinding = { input: [], output: [] };

/**
 * What was last read from VPP, indexed for planning. It is written object by object, always with what VPP has said, and
 * invents nothing: forgetting an interface here leaves its SPAN entries, as VPP does.
 */
export class VppSnapshot implements ActualView {
  readonly #interfaces = new Map<number, ActualInterface>();
  readonly #byTag = new IndexOf<string, ActualInterface>();
  readonly #byParent = new IndexOf<number, ActualInterface>();
  readonly #bySocket = new IndexOf<string, ActualInterface>();
  readonly #byName = new Map<string, ActualInterface>();
  readonly #domains = new Map<number, ActualBridgeDomain>();
  readonly #domainsByTag = new IndexOf<string, ActualBridgeDomain>();
  readonly #membership = new Map<number, Membership>();
  readonly #spans = new SpanTable((index) => this.#interfaces.has(index));
  readonly #features = new Map<number, L2Features>();
  readonly #tunnels = new Map<number, ActualTunnel>();
  readonly #tunnelsByKey = new Map<string, ActualTunnel>();
  readonly gre = new GreTunnels();
  readonly #routes = new Map<string, ActualRoute>();
  readonly #acls = new Map<number, ActualAcl>();
  readonly #aclsByTag = new IndexOf<string, ActualAcl>();
  readonly #bindings = new Map<number, AclBinding>();
  readonly #etherTypes = new Map<number, readonly number[]>();
  readonly #classifiers = new Map<number, ActualClassifier>();
  #spareClassifiers: readonly number[] = [];
  #policers = new Map<string, ActualPolicer>();
  readonly #policing = new Map<number, ActualPolicing>();
  readonly #policedBy = new IndexOf<string, number>();
  #lostTag = false;

  putInterface(entry: ActualInterface): void {
    const old = this.#interfaces.get(entry.index);
    if (old && entry.tag === '' && parseOwnTag(old.tag) !== null) this.#lostTag = true;
    this.#forgetInterface(entry.index, entry.tag);
    this.#interfaces.set(entry.index, entry);
    this.#byName.set(entry.name, entry);
    if (entry.tag !== '') this.#byTag.add(entry.tag, entry);
    if (entry.supIndex !== entry.index) this.#byParent.add(entry.supIndex, entry);
    const port = entry.socket === undefined ? undefined : portIdInPath.exec(entry.socket)?.[0];
    if (port !== undefined) this.#bySocket.add(port.toLowerCase(), entry);
  }

  /** Whether something of ours has lost its tag since this was asked last. */
  takeLostTag(): boolean {
    const lost = this.#lostTag;
    this.#lostTag = false;
    return lost;
  }

  /** VPP has no such interface (any more): nor, then, its memberships, tunnel, features and filters. */
  removeInterface(index: number): void {
    this.#forgetInterface(index, '');
    this.#spans.breakAt(index);
    this.#features.delete(index);
    this.#bindings.delete(index);
    this.#etherTypes.delete(index);
    this.#classifiers.delete(index);
    this.putPolicing(index, undefined);
    this.removeTunnel(index);
    this.gre.remove(index);
    const member = this.#membership.get(index);
    const domain = member && this.#domains.get(member.bridgeDomain);
    if (!domain) return;
    const members = new Map(domain.members);
    members.delete(index);
    this.putBridgeDomain({ ...domain, members, unicast: domain.unicast === index ? null : domain.unicast });
  }

  putBridgeDomain(domain: ActualBridgeDomain): void {
    this.removeBridgeDomain(domain.id);
    this.#domains.set(domain.id, domain);
    this.#domainsByTag.add(domain.tag, domain);
    const all = new Map<number, number | null>(domain.members);
    if (domain.unicast !== null) all.set(domain.unicast, null);
    for (const [index, shg] of all) this.#membership.set(index, { bridgeDomain: domain.id, shg });
  }

  removeBridgeDomain(id: number): void {
    const old = this.#domains.get(id);
    if (!old) return;
    this.#domains.delete(id);
    this.#domainsByTag.delete(old.tag, old);
    for (const index of [...old.members.keys(), ...(old.unicast === null ? [] : [old.unicast])])
      if (this.#membership.get(index)?.bridgeDomain === id) this.#membership.delete(index);
  }

  putSpan(from: number, to: number, state: SpanState): void {
    this.#spans.put(from, to, state);
  }

  /** Replaces the whole table. */
  setSpans(entries: Iterable<readonly [from: number, to: number, state: SpanState]>): void {
    this.#spans.set(entries);
  }

  putFeatures(index: number, features: L2Features): void {
    this.#features.set(index, features);
  }

  putTunnel(tunnel: ActualTunnel): void {
    this.removeTunnel(tunnel.index);
    this.#tunnels.set(tunnel.index, tunnel);
    this.#tunnelsByKey.set(tunnelKey(tunnel.local, tunnel.remote, tunnel.vni), tunnel);
  }

  removeTunnel(index: number): void {
    const old = this.#tunnels.get(index);
    if (!old) return;
    this.#tunnels.delete(index);
    this.#tunnelsByKey.delete(tunnelKey(old.local, old.remote, old.vni));
  }

  putRoute(address: string, route: ActualRoute): void {
    this.#routes.set(address, route);
  }

  /** Forgets routes that nobody asks for any more. */
  keepRoutes(addresses: ReadonlySet<string>): void {
    for (const address of this.#routes.keys()) if (!addresses.has(address)) this.#routes.delete(address);
  }

  putAcl(acl: ActualAcl): void {
    this.removeAcl(acl.index);
    this.#acls.set(acl.index, acl);
    this.#aclsByTag.add(acl.tag, acl);
  }

  removeAcl(index: number): void {
    const old = this.#acls.get(index);
    if (!old) return;
    this.#acls.delete(index);
    this.#aclsByTag.delete(old.tag, old);
  }

  putBinding(index: number, binding: AclBinding): void {
    this.#bindings.set(index, binding);
  }

  /** In ascending order. */
  putEtherTypes(index: number, types: readonly number[]): void {
    if (types.length === 0) this.#etherTypes.delete(index);
    else this.#etherTypes.set(index, types);
  }

  /** Forgets what ACLs are where, to be told anew: VPP does not list the interfaces that have none. */
  clearBindings(): void {
    this.#bindings.clear();
    this.#etherTypes.clear();
  }

  putClassifier(index: number, classifier: ActualClassifier | undefined): void {
    if (classifier) this.#classifiers.set(index, classifier);
    else this.#classifiers.delete(index);
  }

  setSpareClassifiers(heads: readonly number[]): void {
    this.#spareClassifiers = heads;
  }

  setPolicers(policers: Iterable<ActualPolicer>): void {
    this.#policers = new Map([...policers].map((policer) => [policer.name, policer]));
  }

  putPolicing(index: number, policing: ActualPolicing | undefined): void {
    const old = this.#policing.get(index)?.policer;
    if (old) this.#policedBy.delete(old.name, index);
    if (policing) this.#policing.set(index, policing);
    else this.#policing.delete(index);
    if (policing?.policer) this.#policedBy.add(policing.policer.name, index);
  }

  interface(index: number): ActualInterface | undefined {
    return this.#interfaces.get(index);
  }
  interfaces(): Iterable<ActualInterface> {
    return this.#interfaces.values();
  }
  tagged(tag: string): Iterable<ActualInterface> {
    return this.#byTag.get(tag);
  }
  subInterfaces(parent: number): Iterable<ActualInterface> {
    return this.#byParent.get(parent);
  }
  socketsNamed(portId: string): Iterable<ActualInterface> {
    return this.#bySocket.get(portId.toLowerCase());
  }
  named(name: string): ActualInterface | undefined {
    return this.#byName.get(name);
  }
  bridgeDomain(id: number): ActualBridgeDomain | undefined {
    return this.#domains.get(id);
  }
  bridgeDomains(): Iterable<ActualBridgeDomain> {
    return this.#domains.values();
  }
  bridgeDomainsTagged(tag: string): Iterable<ActualBridgeDomain> {
    return this.#domainsByTag.get(tag);
  }
  membership(index: number): Membership | undefined {
    return this.#membership.get(index);
  }
  spansFrom(index: number): ReadonlyMap<number, SpanState> {
    return this.#spans.from(index);
  }
  spansTo(index: number): Iterable<number> {
    return this.#spans.to(index);
  }
  spanSources(): Iterable<number> {
    return this.#spans.sources();
  }
  isOrphanSpan(from: number, to: number): boolean {
    return this.#spans.isOrphan(from, to);
  }
  brokenSpans(): Iterable<readonly [from: number, to: number]> {
    return this.#spans.broken();
  }
  features(index: number): L2Features | undefined {
    return this.#features.get(index);
  }
  tunnel(index: number): ActualTunnel | undefined {
    return this.#tunnels.get(index);
  }
  tunnels(): Iterable<ActualTunnel> {
    return this.#tunnels.values();
  }
  tunnelBetween(local: string, remote: string, vni: number): ActualTunnel | undefined {
    return this.#tunnelsByKey.get(tunnelKey(local, remote, vni));
  }
  route(address: string): ActualRoute | undefined {
    return this.#routes.get(address);
  }
  aclsTagged(tag: string): Iterable<ActualAcl> {
    return this.#aclsByTag.get(tag);
  }
  acls(): Iterable<ActualAcl> {
    return this.#acls.values();
  }
  binding(index: number): AclBinding {
    return this.#bindings.get(index) ?? unbound;
  }
  etherTypes(index: number): readonly number[] {
    return this.#etherTypes.get(index) ?? [];
  }
  listed(): Iterable<number> {
    return this.#etherTypes.keys();
  }
  classifier(index: number): ActualClassifier | undefined {
    return this.#classifiers.get(index);
  }
  policer(name: string): ActualPolicer | undefined {
    return this.#policers.get(name);
  }
  policers(): Iterable<ActualPolicer> {
    return this.#policers.values();
  }
  policing(index: number): ActualPolicing | undefined {
    return this.#policing.get(index);
  }
  policedBy(name: string): Iterable<number> {
    return this.#policedBy.get(name);
  }
  policed(): Iterable<number> {
    return this.#policing.keys();
  }
  spareClassifiers(): Iterable<number> {
    return this.#spareClassifiers;
  }

  #forgetInterface(index: number, newTag: string): void {
    const old = this.#interfaces.get(index);
    if (!old) return;
    if (old.tag !== newTag && parseOwnTag(old.tag) !== null) this.#spans.orphan(index);
    this.#interfaces.delete(index);
    if (this.#byName.get(old.name) === old) this.#byName.delete(old.name);
    if (old.tag !== '') this.#byTag.delete(old.tag, old);
    if (old.supIndex !== old.index) this.#byParent.delete(old.supIndex, old);
    const port = old.socket === undefined ? undefined : portIdInPath.exec(old.socket)?.[0];
    if (port !== undefined) this.#bySocket.delete(port.toLowerCase(), old);
  }
}

function tunnelKey(local: string, remote: string, vni: number): string {
  return `${local} ${remote} ${vni}`;
}
