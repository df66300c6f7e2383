import {
  type ActualBridgeDomain,
  type ActualInterface,
  type ActualPolicer,
  featureBits,
  forwardingBits,
  type SpanState,
} from '../actual.js';
import { findPort, isPort } from '../find-interface.js';
import type { FrameClassifier } from '../frame-classifier.js';
import { inverseOf } from '../inverse-step.js';
import type { Plan } from '../plan.js';
import { dispatch, type Ref, type Step, type StepTable } from '../step.js';
import { VppSnapshot } from '../vpp-snapshot.js';

/** What VPP would answer instead of doing a step. */
export class Refused extends Error {}

/** A VPP in memory, with the traps that matter to the wiring, as measured on a real one. */
export class VppDouble {
  readonly state = new VppSnapshot();
  readonly refs = new Map<string, number>();
  #free: number[] = [];
  #next = 1;
  #nextAcl = 0;
  #nextTable = 0;
  readonly #tables = new Map<number, FrameClassifier>();
  readonly #wereMembers = new Set<number>();
  /** Tables that hand frames to a policer. */
  readonly #policing = new Map<number, number>();
  readonly #policers = new Map<number, ActualPolicer>();
  #nextPolicer = 0;
  /** Steps that were carried out. */
  steps: Step[] = [];
  /** Throws for steps that VPP is to refuse. */
  refuse: (step: Step) => boolean = () => false;

  addInterface(entry: Partial<ActualInterface> & { name: string }): number {
    const index = this.#free.pop() ?? this.#next++;
    this.state.putInterface({
      index,
      tag: '',
      supIndex: index,
      subId: 0,
      vlan: null,
      adminUp: true,
      mac: '00:00:00:00:00:01',
      rewrite: 0,
      ...entry,
    });
    this.state.putFeatures(index, null);
    return index;
  }

  addPort(port: string, name = `port-${port.slice(-4)}`): number {
    return this.addInterface({ name, tag: `net-vpp.port:${port}` });
  }

  addDomain(id: number, tag = ''): void {
    const flags = { learn: true, forward: true, flood: true, uuFlood: true, arpTerm: false };
    this.state.putBridgeDomain({ id, tag, flags, members: new Map(), unicast: null });
  }

  remove(index: number): void {
    for (const sub of [...this.state.subInterfaces(index)]) this.remove(sub.index);
    if (!this.state.interface(index)) throw new Refused(`no interface ${index}`);
    this.state.removeInterface(index);
    this.#free.push(index);
    this.#wereMembers.delete(index);
    this.#listSpare();
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
    if (!this.state.bridgeDomain(id)) throw new Refused(`no bridge domain ${id}`);
    this.#leave(index);
    this.state.putBridgeDomain(change(this.state.bridgeDomain(id) as ActualBridgeDomain));
    const before = this.state.features(index) ?? { input: 0, output: 0 };
    this.state.putFeatures(index, { input: before.input | forwardingBits, output: before.output });
  }

  /** Back to layer 3: the bits go, the SPAN table stays. */
  toLayer3(index: number): void {
    this.#leave(index);
    this.state.putFeatures(index, null);
  }

  span(from: number, to: number, state: SpanState): void {
    const count = (bit: number) => [...this.state.spansFrom(from).values()].filter((s) => (s & bit) !== 0).length;
    const [rx, tx] = [count(1), count(2)];
    this.state.putSpan(from, to, state);
    this.#toggle(from, rx, count(1), 'input', featureBits.inputSpan);
    this.#toggle(from, tx, count(2), 'output', featureBits.outputSpan);
  }

  /** Carries a plan out as the agent does; a failing sequence is undone, and what needs it is left out. */
  execute(plan: Plan): Map<string, string> {
    const failures = new Map<string, string>();
    for (const sequence of plan.sequences) {
      const failedNeed = sequence.needs.find((key) => failures.has(key));
      if (failedNeed !== undefined) {
        failures.set(sequence.key, failures.get(failedNeed) ?? '');
        continue;
      }
      const done: Step[] = [];
      try {
        for (const step of sequence.steps) {
          this.apply(step);
          done.push(step);
        }
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        failures.set(sequence.key, error.message);
        for (const step of done.reverse()) {
          const undo = inverseOf(step);
          if (undo) this.apply(undo);
        }
      }
    }
    return failures;
  }

  apply(step: Step): void {
    if (this.refuse(step)) throw new Refused(`refused ${step.kind}`);
    dispatch(this.#table, step);
    this.steps.push(step);
  }

  #table: StepTable<void> = {
    'check-port': ({ port, index }) => {
      const entry = this.state.interface(index);
      if (!entry || !isPort(entry, port) || findPort(port, this.state).value?.index !== index)
        throw new Refused(`interface ${index} is not port ${port}`);
    },
    'create-bridge-domain': ({ id, tag }) => {
      if (this.state.bridgeDomain(id)) throw new Refused(`bridge domain ${id} exists`);
      const flags = { learn: false, forward: false, flood: true, uuFlood: true, arpTerm: false };
      this.state.putBridgeDomain({ id, tag, flags, members: new Map(), unicast: null });
    },
    'delete-bridge-domain': ({ id }) => {
      const domain = this.state.bridgeDomain(id);
      if ((domain?.members.size ?? 1) > 0) throw new Refused(`bridge domain ${id} is in use`);
      // A real VPP does not mind, and the interface is in whatever gets the bridge domain's place.
      if (domain?.unicast !== null) throw new Error('deleted under what takes its unicast');
      this.state.removeBridgeDomain(id);
    },
    'create-loopback': ({ as, mac }) => {
      this.refs.set(as, this.addInterface({ name: `loop${this.#next}`, mac, adminUp: false }));
    },
    'delete-loopback': ({ at }) => {
      // A real VPP does not mind; whoever asks for it has left a mirror to an index that somebody else gets next.
      if ([...this.state.spansTo(this.#at(at))].length > 0) throw new Error('deleted while mirrored to');
      this.remove(this.#at(at));
    },
    'create-vlan': ({ as, parent, vlan, match }) => {
      for (const sub of this.state.subInterfaces(parent)) if (sub.subId === vlan) throw new Refused('VLAN exists');
      if (!this.state.interface(parent)) throw new Refused(`no interface ${parent}`);
      const entry = { name: `${parent}.${vlan}`, supIndex: parent, subId: vlan, vlan: { outer: vlan, match } };
      this.refs.set(as, this.addInterface({ ...entry, adminUp: false }));
    },
    'delete-vlan': ({ at }) => this.remove(this.#at(at)),
    'create-vxlan': ({ as, local, remote, vni }) => {
      if (this.state.tunnelBetween(local, remote, vni)) throw new Refused('tunnel exists');
      const index = this.addInterface({ name: `vxlan_tunnel${this.#next}`, adminUp: false });
      this.state.putTunnel({ index, local, remote, vni });
      this.refs.set(as, index);
    },
    'delete-vxlan': ({ at }) => this.remove(this.#at(at)),
    'create-gre': ({ as, instance, spec }) => {
      if (this.state.gre.like(spec)) throw new Refused('tunnel exists');
      for (const other of this.state.gre.all()) if (other.instance === instance) throw new Refused('instance in use');
      const mtu = { packet: 9000, ip4: 9000, ip6: 9000 };
      const index = this.addInterface({ name: `gre${instance}`, adminUp: false, mtu });
      this.state.gre.put({ index, instance, ...spec });
      this.refs.set(as, index);
    },
    'delete-gre': ({ at }) => this.remove(this.#at(at)),
    'set-tag': ({ at, tag }) => this.#change(at, { tag }),
    'set-rewrite': ({ at, pop }) => this.#change(at, { rewrite: pop === 1 ? 3 : 0 }),
    'set-admin': ({ at, up }) => this.#change(at, { adminUp: up }),
    'set-mtu': ({ at, mtu }) => this.#change(at, { mtu: { packet: mtu, ip4: mtu, ip6: mtu } }),
    'join-bridge': ({ at, id, shg }) => this.join(this.#at(at), id, shg),
    'take-unicast': ({ at, id }) => this.takeUnicast(this.#at(at), id),
    'leave-bridge': ({ at }) => this.toLayer3(this.#at(at)),
    mute: ({ at }) => this.#setBits(at, 0),
    unmute: ({ at }) => this.#setBits(at, forwardingBits),
    'set-span': ({ from, to, state }) => this.span(from, this.#at(to, true), state),
    'create-acl': ({ as, tag, rules }) => {
      const index = this.#nextAcl++;
      this.refs.set(as, index);
      this.state.putAcl({ index, tag, rules });
    },
    'replace-acl': ({ index, tag, rules }) => this.state.putAcl({ index, tag, rules }),
    'delete-acl': ({ at }) => {
      const index = this.#at(at, true);
      for (const entry of this.state.interfaces())
        if (this.state.binding(entry.index).input.includes(index)) throw new Refused('ACL in use');
      this.state.removeAcl(index);
    },
    'bind-acls': ({ at, acls }) =>
      this.#bind(
        this.#at(at),
        acls.map((acl) => this.#at(acl, true)),
      ),
    'set-ether-types': ({ at, types }) => this.state.putEtherTypes(this.#at(at), types),
    'create-classifier': ({ as, classifier }) => {
      const table = this.#nextTable++;
      this.refs.set(as, table);
      this.#tables.set(table, classifier);
      this.#listSpare();
    },
    'delete-classifier': ({ at }) => {
      const table = this.#at(at, true);
      for (const { index } of this.state.interfaces())
        if (this.state.classifier(index)?.table === table || this.state.policing(index)?.table === table)
          throw new Error('deleted while frames are looked up in it');
      if (!this.#tables.delete(table) && !this.#policing.delete(table)) throw new Refused(`no table ${table}`);
      this.#listSpare();
    },
    'attach-classifier': ({ at, table: ref }) => {
      const [index, table] = [this.#at(at), this.#at(ref, true)];
      const classifier = this.#tables.get(table);
      if (!classifier) throw new Refused(`no table ${table}`);
      // VPP answers that all is well, and changes nothing.
      if (this.state.classifier(index)) return;
      this.state.putClassifier(index, { table, classifier });
      this.#switch(index, featureBits.inputClassifier, true);
      this.#listSpare();
    },
    'detach-classifier': ({ at, table }) => {
      const index = this.#at(at);
      if (this.state.classifier(index)?.table !== this.#at(table, true)) throw new Refused('another table is attached');
      this.state.putClassifier(index, undefined);
      this.#switch(index, featureBits.inputClassifier, false);
      this.#listSpare();
    },
    'create-policer': ({ as, name, kbps }) => {
      if (this.state.policer(name)) throw new Refused(`policer ${name} exists`);
      const index = this.#nextPolicer++;
      this.refs.set(as, index);
      this.#policers.set(index, { name, kbps });
      this.state.setPolicers(this.#policers.values());
    },
    'update-policer': ({ index, name, kbps }) => {
      if (this.#policers.get(index)?.name !== name) throw new Refused(`policer ${index} is another`);
      this.#policers.set(index, { name, kbps });
      this.state.setPolicers(this.#policers.values());
    },
    'delete-policer': ({ name }) => {
      const [index] = [...this.#policers].find(([, each]) => each.name === name) ?? [];
      if (index === undefined) throw new Refused(`no policer ${name}`);
      for (const each of this.state.policed())
        if (this.state.policing(each)?.policer?.index === index)
          throw new Error('deleted while frames are handed to it');
      this.#policers.delete(index);
      this.state.setPolicers(this.#policers.values());
    },
    'create-policing': ({ as, policer }) => {
      const table = this.#nextTable++;
      this.refs.set(as, table);
      this.#policing.set(table, this.#at(policer, true));
      this.#listSpare();
    },
    'attach-policer': ({ at, table: ref }) => {
      const [index, table] = [this.#at(at), this.#at(ref, true)];
      const policer = this.#policing.get(table);
      if (policer === undefined) throw new Refused(`no table ${table}`);
      // As with filters.
      if (this.state.policing(index)) return;
      const name = this.#policers.get(policer)?.name;
      const named = name === undefined ? null : { index: policer, name };
      this.state.putPolicing(index, { table, isOurs: true, policer: named });
      this.#switch(index, featureBits.inputPolicer, true);
      this.#listSpare();
    },
    'detach-policer': ({ at, table }) => {
      const index = this.#at(at);
      if (this.state.policing(index)?.table !== this.#at(table, true)) throw new Refused('another table is attached');
      this.state.putPolicing(index, undefined);
      this.#switch(index, featureBits.inputPolicer, false);
      this.#listSpare();
    },
  };

  /** The feature is switched with the first ACL and the last. */
  #bind(index: number, input: readonly number[]): void {
    const before = this.state.binding(index).input.length > 0;
    this.state.putBinding(index, { input, output: [] });
    if (before !== input.length > 0) this.#switch(index, featureBits.inputAcl, input.length > 0);
  }

  #switch(index: number, bit: number, on: boolean): void {
    const features = this.state.features(index);
    if (!features) return;
    this.state.putFeatures(index, { ...features, input: on ? features.input | bit : features.input & ~bit });
  }

  #listSpare(): void {
    const used = new Set<number | undefined>();
    for (const { index } of this.state.interfaces())
      used.add(this.state.classifier(index)?.table).add(this.state.policing(index)?.table);
    const tables = [...this.#tables.keys(), ...this.#policing.keys()];
    this.state.setSpareClassifiers(tables.filter((table) => !used.has(table)));
  }

  #at(ref: Ref, loose = false): number {
    const index = 'ref' in ref ? this.refs.get(ref.ref) : ref.index;
    if (index === undefined) throw new Error(`nothing was made as ${JSON.stringify(ref)}`);
    if (!loose && !this.state.interface(index)) throw new Refused(`no interface ${index}`);
    return index;
  }

  #change(at: Ref, change: Partial<ActualInterface>): void {
    const index = this.#at(at);
    const entry = this.state.interface(index);
    if (entry) this.state.putInterface({ ...entry, ...change });
  }

  #setBits(at: Ref, bits: number): void {
    const index = this.#at(at);
    const features = this.state.features(index);
    if (!features) throw new Refused(`interface ${index} is not in layer 2`);
    this.state.putFeatures(index, { input: (features.input & ~forwardingBits) | bits, output: features.output });
  }

  #toggle(from: number, before: number, after: number, side: 'input' | 'output', bit: number): void {
    const features = this.state.features(from);
    if (!features || before > 0 === after > 0) return;
    const bits = after > 0 ? features[side] | bit : features[side] & ~bit;
    this.state.putFeatures(from, { ...features, [side]: bits });
  }

  #leave(index: number): void {
    const member = this.state.membership(index);
    const domain = member && this.state.bridgeDomain(member.bridgeDomain);
    if (!domain) return;
    const members = new Map(domain.members);
    members.delete(index);
    this.state.putBridgeDomain({ ...domain, members, unicast: domain.unicast === index ? null : domain.unicast });
  }
}
