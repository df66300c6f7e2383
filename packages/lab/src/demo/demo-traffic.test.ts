import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodePcap } from '@taas/packets';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refuseWhatDoesNotFit } from './demo-limits.js';
import { capturedTraffic, madeTraffic } from './demo-traffic.js';

const vm = [2, 0xfe, 0, 0, 0, 1];
const peer = [2, 0xfe, 0, 0, 0, 2];
const frame = (to: readonly number[], from: readonly number[], length = 60) => {
  const bytes = new Uint8Array(length);
  bytes.set([...to, ...from].slice(0, length));
  return bytes;
};

let folder: string;
let said: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-traffic-'));
  said = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function traffic(frames: readonly Uint8Array[], vmMac?: string) {
  const file = join(folder, 'x.pcap');
  await writeFile(file, encodePcap(frames.map((each) => ({ frame: each, timeNs: 0n }))));
  return capturedTraffic(file, vmMac, (line) => said.push(line));
}

describe("a capture of the user's own", () => {
  it('may have nothing in a direction', async () => {
    expect(await traffic([frame(peer, vm)])).toMatchObject({ sent: [frame(peer, vm)], received: [] });
    const received = await traffic([frame(vm, peer)], '02:fe:00:00:00:01');
    expect(received).toMatchObject({ sent: [], received: [frame(vm, peer)] });
    await expect(traffic([frame(vm, peer)], '02:fe:00:00:00:09')).rejects.toThrow('no frame was sent by');
  });

  it('tells of frames that are none', async () => {
    expect((await traffic([frame(peer, vm), frame(peer, vm, 13)])).sent).toHaveLength(1);
    expect(said).toEqual([expect.stringContaining('1 frames are left out: they are shorter')]);
  });

  it('is refused beforehand if a frame is too long for the switch, with the frame and the limit', async () => {
    const long = await traffic([frame(peer, vm), frame(peer, vm, 9217)]);
    expect(() => refuseWhatDoesNotFit([long], 'real', { pcap: 'j.pcap' })).toThrow(
      'j.pcap: frame 2 of those that the VM sends has 9217 bytes, too long for the capture at a real VPP',
    );
    expect(() => refuseWhatDoesNotFit([long], 'sim', { pcap: 'j.pcap' })).not.toThrow();
    const fits = await traffic([frame(peer, vm, 9216)]);
    for (const kind of ['real', 'sim'] as const) {
      expect(() => refuseWhatDoesNotFit([fits], kind, { pcap: 'j.pcap' })).not.toThrow();
      expect(() => refuseWhatDoesNotFit([madeTraffic(1), madeTraffic(2)], kind, { pcap: undefined })).not.toThrow();
    }
  });
});
