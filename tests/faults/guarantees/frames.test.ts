import type { LabSwitch } from '@taas/lab';
import { beforeEach, describe, expect, it } from 'vitest';
import { MeshModel, type Station } from '../../scenarios/mesh/mesh-model.js';
import { type Asked, Ledger } from '../world/ledger.js';
import { Traffic } from '../world/traffic.js';
import {
  exactAtRest,
  type FrameFacts,
  givenIn,
  isolated,
  neverTwice,
  ownTrafficArrives,
  steadyTapsLoseNothing,
} from './frames.js';

// One node; ports 0 and 2 in one network, 3 in the other, tapped by nobody but the flow 0 -> 3.
let facts: FrameFacts;
let traffic: Traffic;
let flow: Asked;
const model = new MeshModel(1, 4);
for (const port of [0, 2, 3]) Object.assign(model.ports[port] ?? {}, { bound: 0, on: 0 });

beforeEach(async () => {
  traffic = new Traffic();
  const ledger = new Ledger();
  const tap = { project: 'project-a', direction: 'BOTH', tunnels: {} } as const;
  const service = ledger.add({ ...tap, kind: 'tap_services', name: 's', port: 3, service: null });
  flow = ledger.add({ ...tap, kind: 'tap_flows', name: 'f', port: 0, service });
  facts = { traffic, ledger, steady: [{ tap: flow, from: 1, until: Number.POSITIVE_INFINITY }] };
  model.addService({ id: 's', project: 'project-a', port: 3 });
  model.addFlow({ id: 'f', service: 's', port: 0, direction: 'BOTH' });
  await send('port:0');
});

/** One frame of the station, and enough empty batches for it to count as arrived. */
async function send(station: Station): Promise<number> {
  const serial = traffic.next;
  const nowhere = { send: async () => undefined } as unknown as LabSwitch;
  const place = { node: 0, switch: nowhere, port: { id: 'x', bridgeDomain: 100, swIfIndex: 1 } };
  await traffic.batch([{ station, place, neighbours: model.neighbours(station) }], 1);
  for (let n = 0; n < 2; n++) await traffic.batch([], 1);
  return serial;
}

/** Gives the frame to everybody that it should come to. */
function deliver(serial: number): void {
  const sent = traffic.sent.get(serial);
  if (!sent) throw new RangeError(`nobody has sent ${serial}`);
  for (const [at, count] of model.deliveries(sent.from))
    for (let n = 0; n < count; n++) traffic.received.push({ at, serial });
}

const verdicts = () => {
  const given = givenIn(facts);
  return {
    isolated: isolated(facts, given),
    neverTwice: neverTwice(facts, given),
    steady: steadyTapsLoseNothing(facts, given),
    own: ownTrafficArrives(facts, given),
    exact: exactAtRest(facts, given, model, 1),
  };
};
const clean = { isolated: null, neverTwice: null, steady: null, own: null, exact: null };

describe('the guarantees about frames', () => {
  it('hold when every frame arrives where it should', () => {
    deliver(1);
    expect(traffic.received.map(({ at }) => at).sort()).toEqual(['peer:0:0', 'port:2', 'port:3']);
    expect(verdicts()).toEqual(clean);
  });

  it('are broken by a frame that is none of the business of whoever is given it', () => {
    deliver(1);
    traffic.received.push({ at: 'peer:0:1', serial: 1 });
    expect(verdicts()).toMatchObject({ isolated: expect.stringContaining('peer:0:1'), steady: null });
    traffic.received.push({ at: 'port:2', serial: 99 });
    expect(isolated(facts, givenIn(facts))).not.toBeNull();
  });

  it('are broken by a copy of what the tap does not ask for, and of a tap that was refused', () => {
    deliver(1);
    flow.created = 'refused';
    expect(verdicts().isolated).toMatch(/port:3 .* none of its business/);
  });

  it('are broken by a duplicate', () => {
    deliver(1);
    traffic.received.push({ at: 'port:3', serial: 1 });
    expect(verdicts()).toMatchObject({ isolated: null, neverTwice: expect.stringContaining('2 times for 1 reasons') });
  });

  it('are broken by a copy that is lost, unless the tap was not steady then', () => {
    deliver(1);
    traffic.received.splice(0, traffic.received.length, ...traffic.received.filter(({ at }) => at !== 'port:3'));
    expect(verdicts()).toMatchObject({ own: null, steady: expect.stringContaining('f has to copy, and 0 more') });
    for (const time of facts.steady) time.until = 1;
    expect(verdicts()).toMatchObject({ steady: null, exact: expect.stringContaining('0 times at rest, not 1') });
  });

  it('are broken by a frame that its own network has lost, unless ports came or went', async () => {
    traffic.received.push({ at: 'port:3', serial: 1 });
    expect(verdicts().own).toMatch(/was not given frame 1 of its neighbour port:0/);
    for (const sent of traffic.sent.values()) sent.blurred = true;
    expect(verdicts().own).toBeNull();
  });

  it('know of each tunnel of a mirror what it is for', async () => {
    const mirror = facts.ledger.add({
      ...{ project: 'project-a', kind: 'tap_mirrors', name: 'm', port: 0, service: null, direction: 'BOTH' },
      tunnels: { OUT: 7, IN: 8 },
    });
    facts = { ...facts, steady: [...facts.steady, { tap: mirror, from: 1, until: Number.POSITIVE_INFINITY }] };
    model.mirrors.set('m', { id: 'm', port: 0, tunnels: mirror.tunnels });
    deliver(1);
    expect(traffic.received.filter(({ at }) => at === 'tunnel:7')).toHaveLength(1);
    expect(verdicts()).toEqual(clean);
    traffic.received.push({ at: 'tunnel:7', serial: 1 });
    expect(verdicts()).toMatchObject({ isolated: null, neverTwice: expect.stringContaining('tunnel:7') });
    const swapped = { at: 'tunnel:8', serial: 1 } as const;
    traffic.received.splice(
      0,
      traffic.received.length,
      ...traffic.received.filter(({ at }) => at !== 'tunnel:7'),
      swapped,
    );
    expect(verdicts()).toMatchObject({
      isolated: expect.stringContaining('tunnel:8 was given frame 1'),
      steady: expect.stringContaining('tunnel:7 was not given frame 1'),
      exact: expect.stringContaining('tunnel:'),
    });
    model.mirrors.delete('m');
  });

  it('are broken by a frame that comes outside as it is', () => {
    deliver(1);
    traffic.received.push({ at: 'outside:0', serial: 1 });
    expect(verdicts().isolated).toMatch(/outside:0 .* none of its business/);
  });

  it('blur what is sent while ports of the node come or go, and nothing else', async () => {
    await traffic.during(0, async () => {
      const during = await send('port:0');
      expect(traffic.sent.get(during)?.blurred).toBe(true);
    });
    await traffic.during(1, async () => {
      const elsewhere = await send('port:0');
      expect(traffic.sent.get(elsewhere)?.blurred).toBe(false);
    });
  });
});
