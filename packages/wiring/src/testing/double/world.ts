import type { ActualBridgeDomain } from '../../objects/bridge-domain.js';
import type { FrameClassifier } from '../../objects/frame-classifier.js';
import type { ActualInterface } from '../../objects/interface.js';
import { featureBits, forwardingBits } from '../../objects/layer2-features.js';
import type { AnyStep, Ref } from '../../objects/object.js';
import type { SpanState } from '../../objects/span.js';
import { createSnapshot, type VppSnapshot } from '../../snapshot.js';

/** What VPP would answer instead of doing a step. */
export class Refused extends Error {}

/** How the double carries out the steps of one object. */
export type Double<S extends AnyStep> = {
  readonly [K in S['kind']]: (step: Extract<S, { readonly kind: K }>) => void;
};

/** What a classifier table of ours is for: to filter frames, or to hand them to a policer. */
export type DoubleTable = { readonly filter: FrameClassifier } | { readonly policer: number };

/** VPP's objects in memory, with the traps that matter to the wiring, as measured on a real one. */
export class DoubleWorld {
  readonly state: VppSnapshot = createSnapshot();
  readonly refs = new Map<string, number>();
  readonly #free: number[] = [];
  #next = 1;
  #nextTable = 0;
  readonly #tables = new Map<number, DoubleTable>();
  readonly #wereMembers = new Set<number>();

  get nextIndex(): number {
    return this.#next;
  }

  addInterface(entry: Partial<ActualInterface> & { name: string }): number {
    const index = this.#free.pop() ?? this.#next++;
    this.state.interfaces.put(index, {
      index,
      tag: '',
      supIndex: index,
      subId: 0,
      vlan: null,
      adminUp: true,
      linkUp: true,
      mac: '00:00:00:00:00:01',
      rewrite: 0,
      ...entry,
    });
    this.state.features.put(index, null);
    return index;
  }

  addPort(port: string, name = `port-${port.slice(-4)}`): number {
    return this.addInterface({ name, tag: `net-vpp.port:${port}` });
  }

  addDomain(id: number, tag = ''): void {
    const flags = { learn: true, forward: true, flood: true, uuFlood: true, arpTerm: false };
    this.state.bridgeDomains.put(id, { id, tag, flags, members: new Map(), unicast: null });
  }

  remove(index: number): void {
    for (const sub of this.state.interfaces.by('parent', index)) this.remove(sub.index);
    if (!this.state.interfaces.has(index)) throw new Refused(`no interface ${index}`);
    this.state.interfaces.delete(index);
    this.#free.push(index);
    this.#wereMembers.delete(index);
    this.listSpare();
  }

  join(index: number, id: number, shg = 0): void {
    this.#wereMembers.add(index);
    this.#enter(index, id, (domain) => ({ ...domain, members: new Map(domain.members).set(index, shg) }));
  }

  takeUnicast(index: number, id: number): void {
    // A real VPP does not mind, and lets frames that come in by it go on to whatever stands beside its table.
    if (!this.#wereMembers.has(index)) throw new Error('takes unicast and was never a member');
    this.#enter(index, id, (domain) => ({ ...domain, unicast: index }));
  }

  #enter(index: number, id: number, change: (domain: ActualBridgeDomain) => ActualBridgeDomain): void {
    if (!this.state.bridgeDomains.has(id)) throw new Refused(`no bridge domain ${id}`);
    this.#leave(index);
    this.state.bridgeDomains.put(id, change(this.state.bridgeDomains.get(id) as ActualBridgeDomain));
    const before = this.state.features.get(index) ?? { input: 0, output: 0 };
    this.state.features.put(index, { input: before.input | forwardingBits, output: before.output });
  }

  /** Back to layer 3: the bits go, the SPAN table stays. */
  toLayer3(index: number): void {
    this.#leave(index);
    this.state.features.put(index, null);
  }

  #leave(index: number): void {
    const member = this.state.memberships.get(index);
    const domain = member && this.state.bridgeDomains.get(member.bridgeDomain);
    if (!domain) return;
    const members = new Map(domain.members);
    members.delete(index);
    const unicast = domain.unicast === index ? null : domain.unicast;
    this.state.bridgeDomains.put(domain.id, { ...domain, members, unicast });
  }

  span(from: number, to: number, state: SpanState): void {
    const count = (bit: number) => this.state.spans.from(from).filter((span) => (span.state & bit) !== 0).length;
    const [rx, tx] = [count(1), count(2)];
    this.state.spans.put(from, to, state);
    this.#toggle(from, rx, count(1), 'input', featureBits.inputSpan);
    this.#toggle(from, tx, count(2), 'output', featureBits.outputSpan);
  }

  #toggle(from: number, before: number, after: number, side: 'input' | 'output', bit: number): void {
    const features = this.state.features.get(from);
    if (!features || before > 0 === after > 0) return;
    const bits = after > 0 ? features[side] | bit : features[side] & ~bit;
    this.state.features.put(from, { ...features, [side]: bits });
  }

  /** Switches a feature of what an interface receives. */
  switch(index: number, bit: number, on: boolean): void {
    const features = this.state.features.get(index);
    if (!features) return;
    this.state.features.put(index, { ...features, input: on ? features.input | bit : features.input & ~bit });
  }

  /** @param loose for what is no interface, and for mirrors, which need none */
  at(ref: Ref, loose = false): number {
    const index = 'ref' in ref ? this.refs.get(ref.ref) : ref.index;
    if (index === undefined) throw new Error(`nothing was made as ${JSON.stringify(ref)}`);
    if (!loose && !this.state.interfaces.has(index)) throw new Refused(`no interface ${index}`);
    return index;
  }

  change(at: Ref, change: Partial<ActualInterface>): void {
    const index = this.at(at);
    const entry = this.state.interfaces.get(index);
    if (entry) this.state.interfaces.put(index, { ...entry, ...change });
  }

  table(id: number): DoubleTable | undefined {
    return this.#tables.get(id);
  }

  addTable(as: string, table: DoubleTable): void {
    const id = this.#nextTable++;
    this.refs.set(as, id);
    this.#tables.set(id, table);
    this.listSpare();
  }

  deleteTable(id: number): void {
    for (const { index } of this.state.interfaces.all())
      if (this.state.classifiers.get(index)?.table === id || this.state.policings.get(index)?.table === id)
        throw new Error('deleted while frames are looked up in it');
    if (!this.#tables.delete(id)) throw new Refused(`no table ${id}`);
    this.listSpare();
  }

  listSpare(): void {
    const used = new Set<number | undefined>();
    for (const { index } of this.state.interfaces.all())
      used.add(this.state.classifiers.get(index)?.table).add(this.state.policings.get(index)?.table);
    const spare = [...this.#tables.keys()].filter((table) => !used.has(table));
    this.state.spareClassifiers.replace(spare.map((table) => [table, table]));
  }
}
