import { arp } from '@taas/packets';
import { describe, expect, it } from 'vitest';
import { Engine } from './engine.js';
import { NO_INDEX } from './interface.js';
import { INPUT } from './l2-features.js';
import { SPAN_STATE } from './span-table.js';
import { collectorSub, flowLoopback, serviceBridge, testFrame, testPort } from './test-bed.js';

const BROADCAST = 'ff:ff:ff:ff:ff:ff';

describe('a bridge domain', () => {
  it('learns, forwards to one, floods what it does not know', () => {
    const engine = new Engine();
    const ports = [1, 2, 3].map((n) => testPort(engine, n));
    const [a, b, c] = ports;
    if (a === undefined || b === undefined || c === undefined) throw new Error('three ports were made');
    for (const port of ports) engine.joinBridge(port.index, 10);
    a.send(testFrame(1, { src: a.mac, dst: b.mac }));
    expect([b.received.length, c.received.length]).toEqual([1, 1]);
    b.send(testFrame(2, { src: b.mac, dst: a.mac }));
    expect([a.received.length, c.received.length]).toEqual([1, 1]);
    a.send(testFrame(3, { src: a.mac, dst: BROADCAST }));
    expect([b.received.length, c.received.length]).toEqual([2, 2]);
  });

  it('drops unknown unicast with uu-flood off, and forgets a MAC when its port leaves', () => {
    const engine = new Engine();
    const flags = { learn: true, forward: true, flood: true, uuFlood: false, arpTerm: false, arpUfwd: false };
    engine.bridgeDomains.add(10, { ...flags, macAge: 0, tag: '' });
    const [a, b] = [testPort(engine, 1), testPort(engine, 2)];
    for (const port of [a, b]) engine.joinBridge(port.index, 10);
    a.send(testFrame(1, { src: a.mac, dst: b.mac }));
    expect(b.received).toHaveLength(0);
    b.send(testFrame(2, { src: b.mac, dst: BROADCAST }));
    a.send(testFrame(3, { src: a.mac, dst: b.mac }));
    expect(b.received).toHaveLength(1);
    engine.joinBridge(b.index, 11);
    a.send(testFrame(4, { src: a.mac, dst: b.mac }));
    expect(b.received).toHaveLength(1);
  });

  it('keeps split-horizon groups apart: 1 never reaches 1, 0 reaches all', () => {
    const engine = new Engine();
    const [inA, inB, out] = [testPort(engine, 1), testPort(engine, 2), testPort(engine, 3)];
    serviceBridge(engine, 9000);
    engine.joinBridge(inA.index, 9000, { shg: 1 });
    engine.joinBridge(inB.index, 9000, { shg: 1 });
    engine.joinBridge(out.index, 9000);
    inA.send(testFrame(1));
    expect([inB.received.length, out.received.length]).toEqual([0, 1]);
    out.send(testFrame(2));
    expect([inA.received.length, inB.received.length]).toEqual([1, 1]);
  });

  it('trap: a flood never goes to a loopback, so many in one bridge domain do not feed each other', () => {
    const engine = new Engine();
    const [sourceA, sourceB, collector] = [testPort(engine, 1), testPort(engine, 2), testPort(engine, 3)];
    serviceBridge(engine, 9000);
    const [loopA, loopB] = [flowLoopback(engine, 9000), flowLoopback(engine, 9000)];
    engine.l2.at(loopB).shg = 0;
    collectorSub(engine, collector.index, 9000);
    for (const [port, loop] of [[sourceA, loopA] as const, [sourceB, loopB] as const]) {
      engine.joinBridge(port.index, 10);
      engine.span.set(port.index, loop, SPAN_STATE.RX, true);
    }
    sourceA.send(testFrame(1));
    expect(collector.received).toEqual([testFrame(1)]);
    expect(engine.countersOf(loopB)?.txPackets).toBe(0);
  });

  it("trap: a loopback's tx counter counts each copy twice, the sub-interface's once", () => {
    const engine = new Engine();
    const [source, collector] = [testPort(engine, 1), testPort(engine, 2)];
    engine.joinBridge(source.index, 10);
    serviceBridge(engine, 9000);
    const loop = flowLoopback(engine, 9000);
    const sub = collectorSub(engine, collector.index, 9000);
    engine.span.set(source.index, loop, SPAN_STATE.RX, true);
    source.send(testFrame(1));
    expect(engine.countersOf(loop)?.txPackets).toBe(2);
    expect(engine.countersOf(sub)?.txPackets).toBe(1);
    expect(collector.received).toEqual([testFrame(1)]);
  });

  it('trap: a loopback that is down passes no copy', () => {
    const engine = new Engine();
    const [source, collector] = [testPort(engine, 1), testPort(engine, 2)];
    engine.joinBridge(source.index, 10);
    serviceBridge(engine, 9000);
    const loop = engine.createLoopback(new Uint8Array(6));
    engine.joinBridge(loop.swIfIndex, 9000);
    collectorSub(engine, collector.index, 9000);
    engine.span.set(source.index, loop.swIfIndex, SPAN_STATE.RX, true);
    source.send(testFrame(1));
    expect(collector.received).toHaveLength(0);
    expect(loop.counters.txErrors).toBe(1);
  });

  it("the collector's sub-interface leaves its own network alone, and what it sends into the service goes nowhere", () => {
    const engine = new Engine();
    const [source, collector, friend] = [testPort(engine, 1), testPort(engine, 2), testPort(engine, 3)];
    engine.joinBridge(source.index, 10);
    for (const port of [collector, friend]) engine.joinBridge(port.index, 20);
    serviceBridge(engine, 9000);
    const loop = flowLoopback(engine, 9000);
    collectorSub(engine, collector.index, 9000);
    engine.span.set(source.index, loop, SPAN_STATE.BOTH, true);
    source.send(testFrame(1));
    friend.send(testFrame(2, { src: friend.mac, dst: collector.mac }));
    collector.send(testFrame(3, { src: collector.mac, dst: friend.mac }));
    expect(collector.received).toEqual([testFrame(1), testFrame(2, { src: friend.mac, dst: collector.mac })]);
    expect(friend.received).toHaveLength(1);
    expect(source.received).toHaveLength(0);
  });

  it('trap: sub-interfaces die with their parent, and whoever gets an index next receives no copy', () => {
    const engine = new Engine();
    const [source, collector] = [testPort(engine, 1), testPort(engine, 2)];
    engine.joinBridge(source.index, 10);
    serviceBridge(engine, 9000);
    const loop = flowLoopback(engine, 9000);
    const sub = collectorSub(engine, collector.index, 9000);
    engine.span.set(source.index, loop, SPAN_STATE.BOTH, true);
    engine.interfaces.delete(engine.interfaces.get(collector.index));
    expect(engine.interfaces.find(sub)).toBeUndefined();
    expect([...(engine.bridgeDomains.find(9000)?.members.keys() ?? [])]).toEqual([loop]);
    const strangers = [testPort(engine, 3), testPort(engine, 4)];
    expect(strangers.map((port) => port.index)).toEqual([collector.index, sub]);
    for (const port of strangers) engine.joinBridge(port.index, 20);
    source.send(testFrame(1));
    expect(strangers.flatMap((port) => port.received)).toEqual([]);
  });

  it('trap: sw_if_index is reused last freed, first given', () => {
    const engine = new Engine();
    const loops = [0, 1, 2].map(() => engine.createLoopback(new Uint8Array(6)).swIfIndex);
    for (const index of loops) engine.deleteLoopback(index);
    expect([0, 1, 2].map(() => engine.createLoopback(new Uint8Array(6)).swIfIndex)).toEqual([...loops].reverse());
  });

  it('trap: bits set on an index that is not in L2 mode wait there for the next interface', () => {
    const engine = new Engine();
    const source = testPort(engine, 1);
    engine.span.set(source.index, 99, SPAN_STATE.RX, true);
    engine.interfaces.delete(engine.interfaces.get(source.index));
    const next = testPort(engine, 2);
    engine.joinBridge(next.index, 10);
    expect(engine.featureBits(next.index).input & INPUT.SPAN).not.toBe(0);
  });

  it('trap: leaving L2 mode takes the ACL feature along; binding the same list again does not bring it back', () => {
    const engine = new Engine();
    const [a, b] = [testPort(engine, 1), testPort(engine, 2)];
    for (const port of [a, b]) engine.joinBridge(port.index, 10);
    const deny = engine.acls.addReplace(NO_INDEX, 'deny', []);
    engine.acls.bind(a.index, [deny], []);
    a.send(testFrame(1));
    expect(b.received).toHaveLength(0);
    engine.setL3(a.index);
    engine.joinBridge(a.index, 10);
    engine.acls.bind(a.index, [deny], []);
    a.send(testFrame(2));
    expect(b.received).toHaveLength(1);
    engine.acls.bind(a.index, [], []);
    engine.acls.bind(a.index, [deny], []);
    a.send(testFrame(3));
    expect(b.received).toHaveLength(1);
  });

  it("a filter on a flow's loopback passes what it permits and all that is not IP", () => {
    const engine = new Engine();
    const [source, collector] = [testPort(engine, 1), testPort(engine, 2)];
    engine.joinBridge(source.index, 10);
    serviceBridge(engine, 9000);
    const loop = flowLoopback(engine, 9000);
    collectorSub(engine, collector.index, 9000);
    engine.span.set(source.index, loop, SPAN_STATE.RX, true);
    const any = { address: new Uint8Array(4), length: 0 };
    const all = { srcPortFirst: 0, srcPortLast: 65535, tcpFlagsMask: 0, tcpFlagsValue: 0, src: any, dst: any };
    const rule = { ...all, action: 1, protocol: 17, dstPortFirst: 53, dstPortLast: 53 };
    engine.acls.bind(loop, [engine.acls.addReplace(NO_INDEX, 'dns', [rule])], []);
    const dns = testFrame(1, { dstPort: 53 });
    const who = arp({ src: source.mac, dst: BROADCAST, op: 1, senderIp: '192.0.2.1', targetIp: '192.0.2.2' });
    for (const frame of [dns, testFrame(2), who]) source.send(frame);
    expect(collector.received).toEqual([dns, who]);
    collector.received.length = 0;
    engine.acls.limitEtherTypes(loop, [0x0800], []);
    for (const frame of [dns, testFrame(2), who]) source.send(frame);
    expect(collector.received).toEqual([dns]);
  });

  it('trap: straight from a bridge domain into a cross-connect, unicast and ARP are lost; through L3 they are not', () => {
    const engine = new Engine();
    const [a, b] = [testPort(engine, 1), testPort(engine, 2)];
    for (const port of [a, b]) engine.joinBridge(port.index, 10);
    engine.crossConnect(a.index, b.index);
    const who = arp({ src: a.mac, dst: BROADCAST, op: 1, senderIp: '192.0.2.1', targetIp: '192.0.2.2' });
    const all = [testFrame(1), testFrame(2, { dst: BROADCAST }), who];
    for (const frame of all) a.send(frame);
    expect(b.received).toEqual([testFrame(2, { dst: BROADCAST })]);
    b.received.length = 0;
    engine.setL3(a.index);
    engine.crossConnect(a.index, b.index);
    for (const frame of all) a.send(frame);
    expect(b.received).toEqual(all);
  });

  it('gives up a frame that runs in a circle, and says so', () => {
    const engine = new Engine();
    const source = testPort(engine, 1);
    const loops = [0, 1].map(() => engine.createLoopback(new Uint8Array(6)));
    const [a, b] = loops;
    if (a === undefined || b === undefined) throw new Error('two loopbacks were made');
    for (const loop of loops) engine.interfaces.setAdmin(loop, true);
    engine.crossConnect(source.index, a.swIfIndex);
    engine.crossConnect(a.swIfIndex, b.swIfIndex);
    engine.crossConnect(b.swIfIndex, a.swIfIndex);
    source.send(testFrame(1));
    expect(engine.forwarder.counters.loopDrops).toBeGreaterThan(0);
  });
});
