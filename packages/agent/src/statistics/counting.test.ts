import { setImmediate } from 'node:timers/promises';
import { silentLogger, systemClock } from '@taas/service';
import { createSnapshot, featureBits, ownTag, Wanted } from '@taas/wiring';
import { expect, it } from 'vitest';
import { Contained } from '../contained.js';
import type { VppSession } from '../vpp/vpp-session.js';
import { CounterSource } from './counter-source.js';
import { Counting } from './counting.js';
import { nothingCounted, type Reading } from './reading.js';
import type { StateFile } from './state-file.js';
import { parseState } from './state-text.js';

const id = '00000000-0000-4000-8000-000000000000';

it('has on disk what last figures have told, when it says that they are settled', async () => {
  const saved: number[] = [];
  // Safe: nothing else of it is called.
  const file = {
    load: async () => null,
    save: async (text) => {
      saved.push(parseState(text)?.state.taps.get(`tap_flows/${id}`)?.gaps.size ?? -1);
    },
  } as Pick<StateFile, 'load' | 'save'> as StateFile;
  const [clock, logger, snapshot] = [{ ...systemClock, now: () => 20 }, silentLogger, createSnapshot()];
  const counting = new Counting({
    ...{ file, clock, logger, snapshot, wanted: { wanted: new Wanted(), complete: true } },
    source: new CounterSource({ ...{ snapshot, clock, logger }, procDirectory: '/nowhere', statsSocket: '' }),
    contained: new Contained({ logger, counters: { failures: 0 } }),
  });
  counting.accumulator.gap('tap_flows', id, 'not_active', 5, null, 10);
  const gaps = [{ cause: 'not_active', milliseconds: 5 } as const];
  await counting.settle([['tap_flows', { v: 1, id, since: 10, at: 10, stages: [], gaps, final: true }]]);
  expect(saved).toEqual([0]);
});

it('counts at every plan where that is cheap, and else no more than a twentieth of the time', async () => {
  const time = { now: 0, aRead: 10, reads: 0 };
  const [clock, logger, snapshot] = [{ ...systemClock, monotonic: () => time.now }, silentLogger, createSnapshot()];
  const read = async () => {
    time.reads += 1;
    time.now += time.aRead;
    return { boot: null, counted: () => undefined, policed: () => undefined };
  };
  const counting = new Counting({
    ...{ clock, logger, snapshot, wanted: { wanted: new Wanted(), complete: true } },
    // Safe: nothing else of either is called.
    source: { read } as Pick<CounterSource, 'read'> as CounterSource,
    contained: new Contained({ logger, counters: { failures: 0 } }),
  });
  const session = { vpp: { ping: async () => undefined } } as unknown as VppSession;
  const plan = async () => {
    await counting.countAtPlan(session);
    return time.reads;
  };
  expect([await plan(), await plan()]).toEqual([1, 2]);
  time.aRead = 200;
  // One that took long says nothing yet.
  expect([await plan(), await plan(), await plan()]).toEqual([3, 4, 4]);
  time.now += 3_999;
  expect(await plan()).toBe(4);
  time.now += 1;
  expect(await plan()).toBe(5);
});

it('writes to disk soon where a tap is counted, and says until then that a kill would take its figures back', async () => {
  const [snapshot, wanted] = [createSnapshot(), new Wanted()];
  const port = {
    ...{ index: 1, supIndex: 1, name: 'port', tag: `net-vpp.port:${id}`, subId: 0, vlan: null },
    ...{ adminUp: true, linkUp: true, mac: '', rewrite: 0 },
  };
  const flow = {
    ...({ v: 1, id, project_id: 'p', tap_service_id: id, source_port: id, direction: 'OUT' } as const),
    ...({ vlan_filter: null, target: { type: 'local' } } as const),
    filter: [],
  };
  wanted.setFlow({ record: flow, revision: 1 });
  const time = { now: 0 };
  const writing: (() => void)[] = [];
  const save = (_: string) =>
    new Promise<void>((resolve) => {
      writing.push(resolve);
    });
  const counting = new Counting({
    ...{ snapshot, logger: silentLogger, clock: { ...systemClock, monotonic: () => time.now } },
    wanted: { wanted, complete: true },
    // Safe: nothing else of them is called.
    source: { read: async () => ({ boot: 'a', counted: () => nothingCounted, policed: () => undefined }) } as Pick<
      CounterSource,
      'read'
    > as CounterSource,
    file: { load: async () => null, save } as Pick<StateFile, 'load' | 'save'> as StateFile,
    contained: new Contained({ logger: silentLogger, counters: { failures: 0 } }),
  });
  const session = { vpp: { ping: async () => undefined } } as unknown as VppSession;
  const counted = async () => {
    await counting.count(session);
    await setImmediate();
  };
  const isSaved = () => counting.isSaved('tap_flows', id);
  const written = async (tookMs: number) => {
    await setImmediate();
    time.now += tookMs;
    writing.shift()?.();
    await setImmediate();
  };
  await counted();
  await written(0);
  expect(isSaved()).toBe(true);
  snapshot.interfaces.put(1, port);
  time.now += 1;
  await counted();
  expect([isSaved(), writing.length]).toEqual([false, 1]);
  await written(50);
  expect([isSaved(), writing.length]).toEqual([true, 0]);
  // Another port, and again another: it took 50 ms, so it is written a second later.
  snapshot.interfaces.put(1, { ...port, name: 'another' });
  await counted();
  expect([isSaved(), writing.length]).toEqual([false, 0]);
  time.now += 950;
  await counted();
  expect([isSaved(), writing.length]).toEqual([false, 1]);
  snapshot.interfaces.put(1, { ...port, name: 'a third' });
  await counted();
  await written(0);
  // What was written was of before.
  expect(isSaved()).toBe(false);
});

it('never writes half of a reading to disk, which would be counted again after a restart', async () => {
  const uuid = (n: number) => `00000000-0000-4000-8000-00000000000${n}`;
  const [snapshot, wanted] = [createSnapshot(), new Wanted()];
  const ports = [1, 2, 3];
  for (const n of ports) {
    const common = { subId: 0, vlan: null, adminUp: true, linkUp: true, mac: '', rewrite: 0 };
    const loopback = { index: 10 + n, supIndex: 10 + n, name: `loop${n}`, tag: ownTag('flow', uuid(n)), ...common };
    snapshot.interfaces.put(n, { index: n, supIndex: n, name: `port${n}`, tag: `net-vpp.port:${uuid(n)}`, ...common });
    snapshot.interfaces.put(10 + n, loopback);
    snapshot.spans.put(n, 10 + n, 1);
    snapshot.features.put(n, { input: featureBits.inputSpan, output: 0 });
    const of = { v: 1, id: uuid(n), project_id: 'p', tap_service_id: uuid(9), source_port: uuid(n) } as const;
    const how = { direction: 'OUT', vlan_filter: null, target: { type: 'local' } } as const;
    wanted.setFlow({ record: { ...of, ...how, filter: [] }, revision: 1 });
  }
  let frames = 0n;
  const reading = (): Reading => {
    const now = { ...nothingCounted, rxPackets: frames };
    return { boot: 'a', counted: () => now, policed: () => undefined };
  };
  const texts: string[] = [];
  // Slices are of one step, or of a few.
  let [now, looks] = [0, 0];
  const clock = {
    ...systemClock,
    monotonic: () => {
      looks += 1;
      if (looks % (1 + Number(frames % 4n)) === 0) now += 100;
      return now;
    },
  };
  const counting = new Counting({
    ...{ clock, logger: silentLogger, snapshot, wanted: { wanted, complete: true } },
    // Safe: nothing else of them is called.
    source: { read: async () => reading() } as Pick<CounterSource, 'read'> as CounterSource,
    file: { load: async () => null, save: async (text) => void texts.push(text) } as Pick<
      StateFile,
      'load' | 'save'
    > as StateFile,
    contained: new Contained({ logger: silentLogger, counters: { failures: 0 } }),
  });
  const session = { vpp: { ping: async () => undefined } } as unknown as VppSession;
  await counting.count(session);
  for (frames = 1n; frames <= 40n; frames += 1n) {
    let isOver = false;
    const count = counting.count(session).then(() => {
      isOver = true;
    });
    const saves: Promise<void>[] = [];
    while (!isOver) {
      saves.push(counting.save());
      await setImmediate();
    }
    await Promise.all([count, ...saves]);
  }
  expect(counting.accumulator.figures('tap_flows', uuid(1))?.stages[0]).toMatchObject({ packets: '40' });
  expect(texts.length).toBeGreaterThan(8);
  for (const text of new Set(texts)) {
    const state = parseState(text)?.state;
    if (!state) throw new Error(`this is no state: ${text}`);
    const told = [...state.taps].flatMap(([tap, { amounts }]) =>
      tap.startsWith('tap_flows') ? [amounts.get('seen OUT')?.amount.packets] : [],
    );
    const compared = [...state.interfaces.values()].map(({ value }) => value.rxPackets);
    // What is told, and what it is compared with the next time, are of one reading.
    expect(new Set([...told, ...compared]).size).toBe(1);
  }
});
