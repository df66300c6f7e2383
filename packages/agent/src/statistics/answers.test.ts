import { keys, type StatisticsRecord, statisticsCodec } from '@taas/model';
import { silentLogger, systemClock } from '@taas/service';
import { createEmbeddedStore } from '@taas/store/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TapName } from '../wanted/tap-ids.js';
import { Answers, answerMs, mostAtOnce } from './answers.js';

const { signal } = new AbortController();
const id = (n: number) => `ffffffff-0000-4000-8000-${String(n).padStart(12, '0')}`;
const tap = (n: number): TapName => `tap_flows/${id(n)}`;

let store: ReturnType<typeof createEmbeddedStore>;
let now: number;
let packets: string;
let answers: Answers;
let ending: Set<TapName>;
let settled: string[];
let wall: number;
let readAt: number;
let age: number;
let uncounted: Set<string>;
let unsaved: Set<string>;

const create = () =>
  new Answers({
    ...{ store, node: 'n', logger: silentLogger },
    clock: { ...systemClock, monotonic: () => now, now: () => now + wall },
    isEnding: (of) => ending.has(of),
    counting: {
      get readAt() {
        return readAt;
      },
      record: (_, of, final): StatisticsRecord | null =>
        uncounted.has(of)
          ? null
          : {
              ...{ v: 1, id: of, since: 1, at: now, final, gaps: [], ...(age === 0 ? {} : { age }) },
              stages: [{ stage: 'seen', direction: 'OUT', packets }],
            },
      isSaved: (_, of) => !unsaved.has(of),
      settle: async (finals) => {
        settled.push(...finals.map(([kind, record]) => `${kind}/${record.id}`));
      },
    },
  });
const figures = async () => {
  const { entries } = await store.list('/networking-vpp/state/n/taas/statistics/');
  return entries.map(({ key, value }) => statisticsCodec.parse(key, value));
};

beforeEach(() => {
  store = createEmbeddedStore({ clock: systemClock });
  [readAt, age, uncounted, unsaved] = [1, 0, new Set(), new Set()];
  [now, packets, wall] = [1_000_000, '1', 0];
  [ending, settled] = [new Set(), []];
  answers = create();
});
afterEach(() => store.close());

it('writes what is asked for while it is asked for, every five seconds at most and only what has changed', async () => {
  answers.asked(new Set([tap(1)]));
  await answers.answer(signal);
  expect((await figures()).map(({ at }) => at)).toEqual([now]);
  packets = '2';
  now += answerMs - 1;
  await answers.answer(signal);
  expect((await figures())[0]?.stages[0]?.packets).toBe('1');
  now += 1;
  await answers.answer(signal);
  expect((await figures())[0]?.stages[0]?.packets).toBe('2');
  const at = now;
  now += answerMs;
  await answers.answer(signal);
  expect((await figures())[0]?.at).toBe(at);
  answers.asked(new Set());
  await answers.answer(signal);
  expect(await figures()).toEqual([]);
});

it('tells nothing that a kill of the agent would take back, and the rest at the next turn', async () => {
  unsaved.add(id(1));
  answers.asked(new Set([tap(1), tap(2)]));
  await answers.answer(signal);
  expect((await figures()).map((each) => each.id)).toEqual([id(2)]);
  unsaved.clear();
  now += 1;
  await answers.answer(signal);
  expect((await figures()).map((each) => each.id)).toEqual([id(1), id(2)]);
});

it('answers so many at once, and all in turn', async () => {
  const many = Array.from({ length: 2 * mostAtOnce + 50 }, (_, n) => tap(n));
  answers.asked(new Set(many));
  const written: number[] = [];
  for (let n = 0; n < 3; n++) {
    await answers.answer(signal);
    written.push((await figures()).length);
    now += answerMs;
    packets = String(n + 2);
  }
  expect(written).toEqual([mostAtOnce, 2 * mostAtOnce, many.length]);
});

it('leaves the last figures of a tap that has gone for whoever adds them up, and then takes them away, over a restart', async () => {
  ending.add(tap(1));
  await answers.last([{ kind: 'tap_flows', id: id(1) }], signal);
  await answers.last([{ kind: 'tap_flows', id: id(1) }], signal);
  expect((await figures()).map(({ final }) => final)).toEqual([true]);
  answers = create();
  answers.asked(new Set([tap(2)]));
  await answers.answer(signal);
  expect((await figures()).map((each) => [each.id, each.final])).toEqual([
    [id(1), true],
    [id(2), false],
  ]);
  now += 3_600_000;
  await answers.answer(signal);
  expect(await store.get(keys.statistics('n', 'tap_flows', id(1)))).toBeUndefined();
});

it('lets nobody wait for last figures that the store does not take', async () => {
  store.stop();
  await answers.last([{ kind: 'tap_flows', id: id(1) }], signal);
  store.start();
  await answers.last([{ kind: 'tap_flows', id: id(1) }], signal);
  expect(await figures()).toHaveLength(1);
  expect(settled).toEqual([tap(1)]);
});

it('says whether last figures are told, or there are none; where neither is known, nothing', async () => {
  const tap = { kind: 'tap_flows', id: id(1) } as const;
  ending.add(`tap_flows/${id(1)}`);
  expect(answers.lastOf(tap)).toBeNull();
  store.stop();
  await answers.last([tap], signal);
  expect(answers.lastOf(tap)).toBeNull();
  store.start();
  await answers.last([tap], signal);
  expect(answers.lastOf(tap)).toBe('told');
  answers = create();
  await answers.last([tap], signal);
  expect(answers.lastOf(tap)).toBe('told');
  uncounted.add(id(2));
  expect(answers.lastOf({ ...tap, id: id(2) })).toBe('none');
  readAt = 0;
  expect(answers.lastOf({ ...tap, id: id(2) })).toBeNull();
});

it('writes nothing over last figures while the tombstone is known, and tells them once', async () => {
  answers.asked(new Set([tap(1)]));
  ending.add(tap(1));
  // Both at once: one waits for the other.
  const [before, after] = [answers.answer(signal), answers.last([{ kind: 'tap_flows', id: id(1) }], signal)];
  await Promise.all([before, after, answers.answer(signal)]);
  packets = '0';
  now += answerMs;
  answers.recordsChanged();
  await answers.answer(signal);
  await answers.last([{ kind: 'tap_flows', id: id(1) }], signal);
  expect((await figures()).map(({ final, stages }) => [final, stages[0]?.packets])).toEqual([[true, '1']]);
  expect(settled).toEqual([tap(1)]);
});

it('answers again of a tap that has come anew, and writes the last figures of its second stay', async () => {
  const key = keys.statistics('n', 'tap_flows', id(1));
  ending.add(tap(1));
  await answers.last([{ kind: 'tap_flows', id: id(1) }], signal);
  await store.transact({ compare: [], operations: [{ kind: 'delete', key }] });
  ending.delete(tap(1));
  answers.recordsChanged();
  answers.asked(new Set([tap(1)]));
  await answers.answer(signal);
  expect((await figures()).map(({ final }) => final)).toEqual([false]);
  ending.add(tap(1));
  answers.recordsChanged();
  packets = '7';
  await answers.last([{ kind: 'tap_flows', id: id(1) }], signal);
  expect((await figures()).map(({ final, stages }) => [final, stages[0]?.packets])).toEqual([[true, '7']]);
  expect(settled).toEqual([tap(1), tap(1)]);
});

it('writes the last figures of a second stay that nobody has asked for', async () => {
  ending.add(tap(1));
  await answers.last([{ kind: 'tap_flows', id: id(1) }], signal);
  ending.delete(tap(1));
  answers.recordsChanged();
  ending.add(tap(1));
  answers.recordsChanged();
  await answers.last([{ kind: 'tap_flows', id: id(1) }], signal);
  expect(settled).toEqual([tap(1), tap(1)]);
});

it('takes last figures that stand from before a restart as told', async () => {
  ending.add(tap(1));
  await answers.last([{ kind: 'tap_flows', id: id(1) }], signal);
  settled = [];
  answers = create();
  packets = '0';
  await answers.last([{ kind: 'tap_flows', id: id(1) }], signal);
  expect(settled).toEqual([tap(1)]);
  expect((await figures()).map(({ stages }) => stages[0]?.packets)).toEqual(['1']);
});

it('goes by no clock that somebody sets', async () => {
  answers.asked(new Set([tap(1)]));
  await answers.answer(signal);
  packets = '2';
  now += answerMs;
  wall = -500_000;
  await answers.answer(signal);
  expect((await figures())[0]?.stages[0]?.packets).toBe('2');
  packets = '3';
  answers = create();
  answers.asked(new Set([tap(1)]));
  wall = -900_000;
  await answers.answer(signal);
  expect((await figures())[0]?.stages[0]?.packets).toBe('3');
});

it('says how old figures are, and follows old ones with what is read because they are asked for', async () => {
  answers.asked(new Set([tap(1)]));
  age = 40_000;
  await answers.answer(signal);
  expect((await figures()).map((record) => record.age)).toEqual([40_000]);
  // Nothing has been read meanwhile.
  now += 1_000;
  await answers.answer(signal);
  expect((await figures()).map((record) => record.age)).toEqual([40_000]);
  [age, readAt] = [500, 2];
  await answers.answer(signal);
  expect((await figures()).map((record) => record.age)).toEqual([500]);
});

it('writes what has not changed before it would be taken for old, as it was read anew', async () => {
  answers.asked(new Set([tap(1)]));
  age = 3_000;
  await answers.answer(signal);
  const first = now;
  now += 5_000;
  await answers.answer(signal);
  expect((await figures()).map(({ at }) => at)).toEqual([first]);
  readAt = 2;
  await answers.answer(signal);
  expect((await figures()).map(({ at }) => at)).toEqual([now]);
});
