import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findVpp, type LabPort, RealSwitch, settled } from '@taas/lab';
import { compareFrames, sampleTraffic } from '@taas/packets';
import { systemClock } from '@taas/service';
import { afterAll, beforeAll, expect, it } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'taas-lab-'));
let vpp: RealSwitch;

const port = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const traffic = sampleTraffic({ vmMac: '02:fe:00:00:00:01', rounds: 20 });
const sent = traffic.filter((frame) => frame.sentByVm).map((frame) => frame.frame);

beforeAll(async () => {
  const found = findVpp(process.env);
  if (!('path' in found)) throw new Error(found.missing);
  vpp = new RealSwitch(found, directory, 'lab-a', systemClock);
  await vpp.start();
});

afterAll(async () => {
  await vpp?.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function carries(from: LabPort, to: LabPort): Promise<void> {
  const capture = await vpp.capture(to);
  await vpp.send(from, sent);
  await settled(capture, systemClock, { atLeast: sent.length });
  const comparison = compareFrames(sent, await capture.stop());
  expect(comparison).toEqual({ matched: sent.length, lost: [], duplicated: [], foreign: [] });
}

it('carries every kind of frame from port to port whole, and does so again after VPP was killed', async () => {
  const from = await vpp.addPort({ id: port(1), bridgeDomain: 20 });
  const to = await vpp.addPort({ id: port(2), bridgeDomain: 20 });
  await carries(from, to);
  await vpp.restart();
  await carries(from, to);
});
