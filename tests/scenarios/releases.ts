import { udp } from '@taas/packets';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ReleaseName, releases } from 'vpp-sim';
import { MirrorLab } from './mirror-lab.js';
import type { Place } from './scenario.js';
import { taggedFrame } from './tagged-frame.js';
import { type LabSettings, TapLab } from './tap-lab.js';

interface ReleaseSettings extends LabSettings {
  /** Whether its GRE tunnels have keys: 25.10 is the first release that has. */
  readonly greKeys: boolean;
}

/** Simulators as each release that is known, or the release of the real VPP that is there. */
export function describeReleases(place: Place): void {
  if (place.kind === 'simulated') {
    for (const name of Object.keys(releases) as ReleaseName[])
      describeRelease(`${name}, simulated`, () => ({
        ...{ ...place.settings(false), release: releases[name], greKeys: hasGreKeys(name) },
      }));
    return;
  }
  // Server and agents are the real programs here: the agent finds VPP's API files as an operator names them.
  describeRelease(`on ${place.name}`, () => {
    const settings = place.settings(true);
    if (settings.switch === 'simulated') throw new Error('this place has no real VPP');
    return { ...settings, greKeys: hasGreKeys(settings.switch.version) };
  });
}

function hasGreKeys(version: string): boolean {
  const [, year = '0', month = '0'] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(year) * 100 + Number(month) >= 2510;
}

/** What must work on every release of VPP, each way of copying once; the other scenarios look closer, on some. */
function describeRelease(name: string, settings: () => ReleaseSettings): void {
  let lab: TapLab | undefined;
  beforeEach(() => {
    expect.hasAssertions();
  });
  afterEach(async () => {
    await lab?.stop();
    lab = undefined;
  });

  describe(`VPP ${name}`, () => {
    for (const transport of ['vlan', 'vxlan'] as const)
      it(`copies what was asked, on a node and between nodes over ${transport}`, { timeout: 120_000 }, async () => {
        lab = await TapLab.start({ ...settings(), transport });
        const collector = await lab.collector('node-b');
        const service = await lab.service(collector);
        for (const node of ['node-a', 'node-b'])
          for (const direction of ['OUT', 'BOTH'] as const) {
            const vm = await lab.vm(node);
            const flow = await lab.flow(service, vm, direction);
            await lab.active(flow);
            await lab.expectCopies(collector, vm, direction);
            await lab.client.delete('tap_flows', flow);
            await lab.client.untilGone('tap_flows', flow);
            await lab.expectNothing(collector, vm);
          }
      });

    it('copies what filters let through', { timeout: 120_000 }, async () => {
      lab = await TapLab.start({ ...settings(), nodes: ['node-a'] });
      const at = await lab.collector('node-a');
      const vm = await lab.vm('node-a');
      const flow = await lab.flow(await lab.service(at), vm, 'OUT', { vlanFilter: '5' });
      await lab.active(flow);
      const { sends, frames } = { sends: lab.sends.bind(lab), frames: lab.frames(4) };
      await lab.expectAt(at, 'frames with VLAN 5 alone', async () => {
        const tagged = frames.map((frame, n) => taggedFrame(frame, n % 2 === 0 ? 5 : 6));
        await sends(vm, tagged);
        return tagged.filter((_, n) => n % 2 === 0);
      });
    });

    it('copies what filters for IPv6 let through, whatever their prefixes are long', { timeout: 120_000 }, async () => {
      lab = await TapLab.start({ ...settings(), nodes: ['node-a'] });
      const at = await lab.collector('node-a');
      const vm = await lab.vm('node-a');
      const [inside, outside, further] = ['2001:db8:7fff::1', '2001:db8:8000::1', '2001:db8:0:ff00::1'];
      const accept = { action: 'accept', ethertype: 'IPv6', source_ip_prefix: '2001:db8::/33' };
      const flow = await lab.flow(await lab.service(at), vm, 'OUT', { filterRules: [accept] });
      await lab.active(flow);
      await lab.expectAt(at, 'IPv6 from 2001:db8::/33 alone', async () => {
        const frames = [inside, outside, further].map((srcIp, n) =>
          udp({
            ...{ src: '02:aa:00:00:00:01', dst: 'ff:ff:ff:ff:ff:ff', srcIp, dstIp: 'fd00::1' },
            ...{ srcPort: 1000 + n, dstPort: 2000, payload: new Uint8Array(40) },
          }),
        );
        await lab?.sends(vm, frames);
        return frames.filter((_, n) => n !== 1);
      });
    });

    it('sends tap mirrors, and says at once which it cannot send', { timeout: 120_000 }, async () => {
      const { greKeys, ...more } = settings();
      const mirrors = await MirrorLab.start({ ...more, nodes: ['node-a'] });
      lab = mirrors.lab;
      const vm = await lab.vm('node-a');
      const mirror = await mirrors.mirror(vm, 'erspanv1', { IN: 101, OUT: 102 });
      await mirrors.active(mirror);
      await mirrors.expectMirrored(vm, 'erspanv1', { IN: 101, OUT: 102 });
      await mirrors.gone(mirror);
      await mirrors.expectNothing(vm);
      const gre = mirrors.mirror(vm, 'gre', { BOTH: 7 });
      if (greKeys) await mirrors.active(await gre);
      else
        await expect(gre).rejects.toThrow(
          /node node-a \(VPP .*\) cannot send tap mirrors of type gre: use mirror_type erspanv1/,
        );
    });
  });
}
