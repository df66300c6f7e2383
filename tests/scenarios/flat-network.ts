import { type Frame, type LabPort, physnet } from '@taas/lab';
import { agentCodec, keys, type Link, type NodeTapFlow, nodeTapFlowCodec } from '@taas/model';
import { ipBytes, VXLAN_PORT, vxlanEncap } from '@taas/packets';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { taggedFrame } from './tagged-frame.js';
import { type Collector, type LabSettings, TapLab, type TestVm } from './tap-lab.js';

/** Another tenant's flat network, on a node that has no part in the tap. */
const flatDomain = 40;

/** Copies between two nodes, and another tenant's VM on a third one whose uplink is, or comes, in layer 2. */
export function describeFlatNetwork(name: string, settings: () => LabSettings): void {
  let lab: TapLab;
  let spy: LabPort;
  let vm: TestVm;
  let collector: Collector;
  let flow: string;

  const start = async (transport: 'vlan' | 'vxlan' | 'either'): Promise<void> => {
    lab = await TapLab.start({ ...settings(), nodes: ['node-a', 'node-b', 'node-c'], transport });
    vm = await lab.vm('node-a');
    collector = await lab.collector('node-b');
    const id = lab.newPortId();
    spy = await lab.cloud.addPort('node-c', { id, bridgeDomain: flatDomain }, 'other-project');
  };
  const tap = async (): Promise<void> => {
    flow = await lab.flow(await lab.service(collector), vm);
    await lab.active(flow);
  };
  const target = async (): Promise<NodeTapFlow['target']> => {
    const key = keys.nodeResource('node-a', 'tap_flows', flow);
    return nodeTapFlowCodec.parse(key, (await lab.cloud.store.get(key))?.value ?? '').target;
  };
  const untilBy = (type: Link['type']): Promise<void> =>
    lab.eventually(async () => {
      expect((await target()).type).toBe(type);
      expect(await lab.client.show('tap_flows', flow)).toMatchObject({ status: 'ACTIVE' });
    });
  /** What the spy is given with a tag. (On a wire that floods an uplink in layer 2 sees all that is not tagged, too.) */
  const tagsAtSpy = async (happen: () => Promise<void>): Promise<number> => {
    const capture = await lab.cloud.node('node-c').switch.capture(spy);
    await happen();
    await lab.clock.sleep(300);
    return (await capture.stop()).filter((frame) => frame[12] === 0x81 && frame[13] === 0).length;
  };
  const fromSpy = (frames: readonly Frame[]) => lab.cloud.node('node-c').switch.send(spy, frames);

  beforeEach(() => {
    expect.hasAssertions();
  });
  afterEach(async () => {
    await lab?.stop();
  });

  describe(`${name}: a flat network on a node without a part in the tap`, () => {
    it('that comes later makes copies leave the VLAN, and they stay off it when the agent there is gone', async () => {
      await start('either');
      await tap();
      const before = await target();
      if (before.type !== 'vlan') throw new Error(`copies travel by ${before.type}`);
      const { vlan } = before;
      await lab.expectCopies(collector, vm);
      await lab.cloud.node('node-c').switch.bridgeUplink(flatDomain);
      await untilBy('vxlan');
      expect(await tagsAtSpy(() => lab.expectCopies(collector, vm))).toBe(0);
      await lab.expectAt(collector, 'nothing that another tenant sends with the tag of before', async () => {
        await fromSpy(lab.frames(5).map((frame) => taggedFrame(frame, vlan)));
        return [];
      });
      await lab.cloud.node('node-c').agent.stop();
      await lab.eventually(async () => expect(await lab.cloud.store.get(keys.agent('node-c'))).toBeUndefined());
      await tap();
      expect((await target()).type).toBe('vxlan');
    });

    it('is refused as a way before a tap begins, and the tap waits where there is no other way', async () => {
      await start('vlan');
      await lab.cloud.node('node-c').switch.bridgeUplink(flatDomain);
      // Until the node has said so a tap may begin, and be taken back.
      await lab.eventually(async () => {
        const record = await lab.cloud.store.get(keys.agent('node-c'));
        expect(agentCodec.parse(keys.agent('node-c'), record?.value ?? '').layer2_physnets).toContain(physnet);
      });
      flow = await lab.flow(await lab.service(collector), vm);
      await lab.eventually(async () => {
        const { status, status_reason } = await lab.client.show('tap_flows', flow);
        expect(`${status} ${status_reason}`).toMatch(
          /^PENDING_CREATE VLANs of physnet physnet1 may not carry copies now/,
        );
      });
      expect(await tagsAtSpy(() => lab.expectNothing(collector, vm))).toBe(0);
      await lab.cloud.node('node-c').switch.bridgeUplink(null);
      await lab.active(flow);
      await lab.expectCopies(collector, vm);
    });

    it('(control) sees all copies, and forges some, where nobody knows of it and the operator vouches for the physnet', async () => {
      await start('vlan');
      await lab.cloud.node('node-c').agent.stop();
      await lab.cloud.node('node-c').switch.bridgeUplink(flatDomain);
      await tap();
      const by = await target();
      if (by.type !== 'vlan') throw new Error(`copies travel by ${by.type}`);
      expect(await tagsAtSpy(() => lab.sends(vm, lab.frames(5)))).toBe(5);
      await lab.expectAt(collector, 'what another tenant has forged', async () => {
        const forged = lab.frames(3);
        await fromSpy(forged.map((frame) => taggedFrame(frame, by.vlan)));
        return forged;
      });
    });
  });

  describe(`${name}: forged copies by VXLAN`, () => {
    it('reach no collector from an address that is no node’s; from a node’s own they do (control: that is for the operator)', async () => {
      await start('vxlan');
      await tap();
      const by = await target();
      if (by.type !== 'vxlan') throw new Error(`copies travel by ${by.type}`);
      const { local, remote, vni } = by;
      const dstMac = await lab.cloud.node('node-b').switch.uplinkMac();
      await lab.cloud.node('node-c').switch.bridgeUplink(flatDomain);
      const outer = { srcMac: '02:bb:00:00:00:01', dstMac, dst: ipBytes(remote), srcPort: 40_000, dstPort: VXLAN_PORT };
      const forge = (frames: readonly Frame[], from: string) =>
        fromSpy(frames.map((frame) => vxlanEncap({ ...outer, src: ipBytes(from), vni }, frame)));
      await lab.expectAt(collector, 'nothing from an address that is no node’s', async () => {
        await forge(lab.frames(5), '10.99.0.66');
        return [];
      });
      await lab.expectAt(collector, 'nothing from a node that is no source of the tap', async () => {
        await forge(lab.frames(5), '10.99.0.3');
        return [];
      });
      await lab.expectAt(collector, 'what comes as from the source’s node', async () => {
        const forged = lab.frames(5);
        await forge(forged, local);
        return forged;
      });
    });
  });
}
