import { describe, expect, it } from 'vitest';
import { forwardingBits } from '../objects/layer2-features.js';
import { planNode } from '../plan/plan-node.js';
import { verify } from '../plan/verify.js';
import { receivers } from '../testing/receivers.js';
import { facts, flow, portId, service, serviceId } from '../testing/records.js';
import { VppDouble } from '../testing/vpp-double.js';
import { Wanted } from '../wanted/wanted.js';

const domain = 0x800000;

/** A port that is tapped for a collector on the same node, which serves a link from another node too; all in place. */
function tapped() {
  const vpp = new VppDouble();
  vpp.addDomain(10);
  const [source, collector] = [vpp.addPort(portId(1)), vpp.addPort(portId(2))];
  for (const port of [source, collector]) vpp.join(port, 10);
  vpp.addInterface({ name: 'eth0', tag: 'net-vpp.physnet:phys1' });
  const wanted = new Wanted();
  wanted.setService({ record: service(1, 2, { inputs: [{ type: 'vlan', physnet: 'phys1', vlan: 88 }] }), revision: 1 });
  wanted.setFlow({ record: flow(1, 1, 1), revision: 2 });
  const plan = () => planNode(wanted, vpp.state, facts);
  vpp.execute(plan());
  const find = (kind: string) => [...vpp.state.interfaces.by('tag', `taas.${kind}:${serviceId(1)}`)][0]?.index ?? 0;
  const reached = (cast: 'unicast' | 'group') => receivers(vpp.state, source, 1, cast);
  const stands = () => {
    expect(plan().sequences).toEqual([]);
    expect(verify(plan()).map(({ status }) => status)).toEqual(['ACTIVE', 'ACTIVE']);
    expect(reached('unicast')).toEqual([find('unicast')]);
    expect(reached('group')).toEqual([find('collector')]);
  };
  return { vpp, wanted, plan, find, reached, stands };
}

describe('the two interfaces towards a collector', () => {
  it('take unicast and the rest, each once', () => {
    tapped().stands();
  });

  it('what an older agent left, with one way for all, gets the second without a copy lost or doubled', () => {
    const { vpp, plan, find, reached, stands } = tapped();
    vpp.remove(find('unicast'));
    vpp.join(find('collector'), domain, 0);
    vpp.apply({ kind: 'block-ingress', at: { index: find('collector') } });
    const steps = plan().sequences.flatMap((sequence) => sequence.steps);
    expect(steps.length).toBeGreaterThan(0);
    for (const step of steps) {
      vpp.apply(step);
      for (const cast of ['unicast', 'group'] as const) expect(reached(cast)).toHaveLength(1);
    }
    stands();
  });

  it('a way that VPP refuses takes its copies from nobody: all are flooded, and the tap says so', () => {
    const { vpp, plan, find, reached, stands } = tapped();
    vpp.remove(find('unicast'));
    vpp.refuse = (step) => step.kind === 'take-unicast';
    const failures = vpp.execute(plan());
    expect(verify(plan(), failures).map(({ status }) => status)).toEqual(['ERROR', 'ERROR']);
    expect(find('unicast')).toBe(0);
    expect(reached('unicast')).toEqual([find('collector')]);
    vpp.refuse = () => false;
    vpp.execute(plan());
    stands();
  });

  for (const [what, harm] of Object.entries<(vpp: VppDouble, unicast: number, collector: number) => void>({
    'deleted for unicast': (vpp, unicast) => vpp.remove(unicast),
    'deleted for the rest': (vpp, _, collector) => vpp.remove(collector),
    'a plain member': (vpp, unicast) => vpp.join(unicast, domain),
    'out of the bridge domain': (vpp, unicast) => vpp.toLayer3(unicast),
    'in another bridge domain': (vpp, unicast) => vpp.takeUnicast(unicast, 10),
    'ingress not blocked': (vpp, unicast) => vpp.apply({ kind: 'unblock-ingress', at: { index: unicast } }),
    down: (vpp, unicast) => vpp.apply({ kind: 'set-admin', at: { index: unicast }, up: false, before: true }),
    'pushed out by a stranger': (vpp) => {
      const stranger = vpp.addPort(portId(9));
      vpp.join(stranger, 10);
      vpp.takeUnicast(stranger, domain);
    },
    'both for unicast': (vpp, _, collector) => vpp.takeUnicast(collector, domain),
  }))
    it(`is mended: ${what}`, () => {
      const { vpp, plan, find, stands } = tapped();
      harm(vpp, find('unicast'), find('collector'));
      expect(plan().sequences).not.toEqual([]);
      vpp.execute(plan());
      stands();
      for (const kind of ['unicast', 'collector'])
        expect((vpp.state.features.get(find(kind))?.input ?? 0) & forwardingBits).toBe(0);
    });

  it('are not up before their ingress is blocked, but to have copies pass', () => {
    const { vpp, plan, find } = tapped();
    vpp.toLayer3(find('unicast'));
    vpp.toLayer3(find('collector'));
    for (const { steps } of plan().sequences)
      for (const step of steps) {
        vpp.apply(step);
        if (step.kind !== 'join-bridge') continue;
        for (const kind of ['unicast', 'collector']) {
          const open = ((vpp.state.features.get(find(kind))?.input ?? 0) & forwardingBits) !== 0;
          if (open) expect(vpp.state.interfaces.get(find(kind))?.adminUp).toBe(false);
        }
      }
  });

  it('go with their service, before the bridge domain, which VPP would delete under the one for unicast', () => {
    const { vpp, wanted, plan, find } = tapped();
    wanted.setService({ record: service(1, 2, { removed: true }), revision: 3 });
    wanted.setFlow({ record: flow(1, 1, 1, { removed: true }), revision: 3 });
    vpp.execute(plan());
    expect([find('unicast'), find('collector')]).toEqual([0, 0]);
    expect(vpp.state.bridgeDomains.get(domain)).toBeUndefined();
    expect(verify(plan()).map(({ status }) => status)).toEqual(['REMOVED', 'REMOVED']);
  });

  it('stay where they are when the bridge domain is made anew', () => {
    const { vpp, plan, stands } = tapped();
    const old = vpp.state.bridgeDomains.get(domain);
    if (old) vpp.state.bridgeDomains.put(old.id, { ...old, flags: { ...old.flags, learn: true } });
    vpp.execute(plan());
    stands();
  });

  it("another service's that strayed into a bridge domain which goes is out before", () => {
    const { vpp, wanted, plan } = tapped();
    vpp.join(vpp.addPort(portId(3)), 10);
    wanted.setService({ record: service(2, 3), revision: 4 });
    vpp.execute(plan());
    const stray = [...vpp.state.interfaces.by('tag', `taas.unicast:${serviceId(2)}`)][0]?.index ?? 0;
    vpp.takeUnicast(stray, domain);
    wanted.setService({ record: service(1, 2, { removed: true }), revision: 5 });
    wanted.setFlow({ record: flow(1, 1, 1, { removed: true }), revision: 5 });
    // The agent's next poll finds it where it was put out of, and puts it back.
    for (let n = 0; n < 2; n++) vpp.execute(plan());
    expect(plan().sequences).toEqual([]);
    expect(vpp.state.bridgeDomains.get(domain)).toBeUndefined();
    expect(vpp.state.bridgeDomains.get(domain + 1)?.unicast).toBe(stray);
  });
});
