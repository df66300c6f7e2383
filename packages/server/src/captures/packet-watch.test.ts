import type { Readable } from 'node:stream';
import { udp } from '@taas/packets';
import { describe, expect, it } from 'vitest';
import { kept, PacketWatch, shownOfTurn } from './packet-watch.js';

const frame = udp({
  ...{ dst: '02:00:00:00:00:02', src: '02:00:00:00:00:01', srcIp: '10.0.0.1', dstIp: '10.0.0.2' },
  ...{ srcPort: 1, dstPort: 2 },
});
const open = (watch: PacketWatch, user = 'ann') => {
  const stream = watch.open(user);
  if (stream === null) throw new Error('there is no room');
  return stream;
};
/** What stands in a stream. */
function told(stream: Readable) {
  const text = String(stream.read() ?? '');
  return text
    .split('\n\n')
    .filter((each) => each !== '')
    .map((each) => ({
      event: /^event: (.*)$/m.exec(each)?.[1],
      ...JSON.parse(/^data: (.*)$/m.exec(each)?.[1] ?? '{}'),
    }));
}
const take = (watch: PacketWatch, count: number) => {
  for (let n = 0; n < count; n++) watch.take(0, frame, frame.length, 1_000_000n);
};

describe('packets that are looked at', () => {
  it('come in words at each turn, with their number in the file', () => {
    const watch = new PacketWatch(['p IN']);
    const stream = open(watch);
    take(watch, 2);
    expect(told(stream)).toEqual([{ event: 'packets', packets: [], unshown: 0 }]);
    watch.turn();
    const one = { at: 1, interface: 'p IN', length: 60, source: '10.0.0.1', destination: '10.0.0.2', protocol: 'UDP' };
    expect(told(stream)).toMatchObject([{ packets: [{ n: 1, ...one }, { n: 2 }] }]);
    watch.turn();
    expect(told(stream)).toEqual([]);
  });

  it('are so many of a turn, and the others are counted; who comes later has the latest', () => {
    const watch = new PacketWatch(['p IN']);
    for (let turn = 0; turn < 10; turn++) {
      take(watch, 1_000);
      watch.turn();
    }
    const [first] = told(open(watch));
    expect(first.packets).toHaveLength(kept);
    expect(first.packets.at(-1).n).toBe(9_000 + shownOfTurn);
    expect(first.unshown).toBe(10 * (1_000 - shownOfTurn));
  });

  it('do not keep the memory of frames', () => {
    const watch = new PacketWatch(['p IN']);
    // A Buffer, as a socket's is.
    const own = Buffer.from(frame);
    watch.take(0, own, own.length, 0n);
    own.fill(0xff);
    watch.turn();
    expect(told(open(watch))[0].packets[0].protocol).toBe('UDP');
  });

  it('wait for nobody who does not read, and hold little for him; who reads on has the latest', () => {
    const watch = new PacketWatch(['p IN']);
    const slow = open(watch);
    for (let turn = 0; turn < 59; turn++) {
      take(watch, shownOfTurn);
      watch.turn();
      expect(slow.readableLength).toBeLessThan(320 * 1024);
    }
    const all = told(slow).flatMap(({ packets }) => packets ?? []);
    expect(all.length).toBeLessThan(59 * shownOfTurn);
    take(watch, 1);
    watch.turn();
    expect(told(slow).at(-1).packets.at(-1).n).toBe(59 * shownOfTurn + 1);
  });

  it('end with the capture, with what was left, also for who comes then', async () => {
    const watch = new PacketWatch(['p IN']);
    const stream = open(watch);
    take(watch, 1);
    watch.end('its 1 packets are there');
    watch.end('again');
    const events = told(stream);
    expect(events.map(({ event }) => event)).toEqual(['packets', 'packets', 'end']);
    expect(events.at(-1).because).toBe('its 1 packets are there');
    expect(told(open(watch)).map(({ event }) => event)).toEqual(['packets', 'end']);
  });

  it('have their end, also where it comes with the last turn of a stream, and are not cut off where he reads slowly', async () => {
    const watch = new PacketWatch(['p IN']);
    const [quick, slow] = [open(watch), watch.open('bob')];
    const failures: unknown[] = [];
    for (const stream of [quick, slow]) stream?.on('error', (cause) => failures.push(cause));
    for (let turn = 0; turn < 59; turn++) {
      take(watch, 1);
      watch.turn();
    }
    take(watch, 1);
    watch.end('over');
    watch.turn();
    const other = new PacketWatch(['p IN']);
    const late = other.open('ann');
    late?.on('error', (cause) => failures.push(cause));
    for (let turn = 0; turn < 62; turn++) {
      take(other, 1);
      other.turn();
    }
    for (const stream of [quick, slow]) {
      const events = told(stream as Readable);
      expect(events.filter(({ event }) => event === 'packets')).toHaveLength(61);
      expect(events.at(-1).event).toBe('end');
    }
    expect(told(late as Readable).filter(({ event }) => event === 'packets')).toHaveLength(61);
    await new Promise(setImmediate);
    expect(failures).toEqual([]);
  });

  it('are for eight at a time, a minute long', () => {
    const watch = new PacketWatch(['p IN']);
    const streams = Array.from({ length: 8 }, (_, n) => open(watch, `user ${n}`));
    expect(watch.open('ann')).toBeNull();
    for (let turn = 0; turn < 60; turn++) watch.turn();
    for (const stream of streams) stream.resume();
    return expect.poll(() => watch.open('bob')).not.toBeNull();
  });

  it('are for three of one user at a time, and for others besides', () => {
    const watch = new PacketWatch(['p IN']);
    for (let n = 0; n < 3; n++) open(watch, 'ann');
    expect([watch.isFullFor('ann'), watch.open('ann')]).toEqual([true, null]);
    expect(watch.isFullFor('bob')).toBe(false);
    open(watch, 'bob');
  });

  it('that do not come are no silence: a comment is written meanwhile', () => {
    const watch = new PacketWatch(['p IN']);
    const stream = open(watch);
    stream.read();
    for (let turn = 0; turn < 30; turn++) watch.turn();
    expect(String(stream.read())).toBe(': still here\n\n'.repeat(2));
  });
});
