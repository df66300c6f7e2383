import { describe, expect, it } from 'vitest';
import { Engine } from './engine.js';
import { flowLoopback, serviceBridge, testFrame, testPort } from './test-bed.js';

const BROADCAST = 'ff:ff:ff:ff:ff:ff';

function tagged(frame: Uint8Array, vlan: number): Uint8Array {
  return Uint8Array.of(...frame.subarray(0, 12), 0x81, 0, vlan >> 8, vlan & 0xff, ...frame.subarray(12));
}

describe('counters, as VPP keeps them', () => {
  it('a drop on a sub-interface is one of its parent too', () => {
    const engine = new Engine();
    const port = testPort(engine, 1);
    const sub = engine.createVlanSubInterface(port.index, 100);
    engine.interfaces.setAdmin(sub, true);
    port.send(tagged(testFrame(1, { dst: BROADCAST }), 100));
    expect([sub.counters.drops, engine.countersOf(port.index)?.drops]).toEqual([1, 1]);
  });

  it('a frame that cannot be sent is an error of the one side and a drop of the other', () => {
    const engine = new Engine();
    const [from, to] = [testPort(engine, 1), testPort(engine, 2)];
    for (const port of [from, to]) engine.joinBridge(port.index, 10);
    engine.interfaces.setAdmin(engine.interfaces.get(to.index), false);
    from.send(testFrame(1));
    expect(engine.countersOf(to.index)).toMatchObject({ txPackets: 0, txErrors: 1 });
    expect(engine.countersOf(from.index)).toMatchObject({ rxPackets: 1, drops: 1 });
  });

  it('a tagged frame that the port itself takes is counted twice, one of a sub-interface once by each', () => {
    const engine = new Engine();
    const port = testPort(engine, 1);
    engine.joinBridge(port.index, 10);
    const sub = engine.createVlanSubInterface(port.index, 100);
    engine.interfaces.setAdmin(sub, true);
    port.send(tagged(testFrame(1), 7));
    expect(engine.countersOf(port.index)?.rxPackets).toBe(2);
    port.send(tagged(testFrame(2), 100));
    expect([engine.countersOf(port.index)?.rxPackets, sub.counters.rxPackets]).toEqual([3, 1]);
    port.send(testFrame(3));
    expect(engine.countersOf(port.index)?.rxPackets).toBe(4);
  });

  it('in L3 mode what is for another MAC address is no drop, unless something on the wire is in L2 mode', () => {
    const engine = new Engine();
    const port = testPort(engine, 1);
    port.send(testFrame(1));
    expect(engine.countersOf(port.index)?.drops).toBe(0);
    port.send(testFrame(2, { dst: BROADCAST }));
    expect(engine.countersOf(port.index)?.drops).toBe(1);
    engine.joinBridge(engine.createVlanSubInterface(port.index, 100).swIfIndex, 10);
    port.send(testFrame(3));
    expect(engine.countersOf(port.index)?.drops).toBe(2);
  });

  it('what is sent to a loopback that is down is dropped at its source', () => {
    const engine = new Engine();
    const source = testPort(engine, 1);
    engine.joinBridge(source.index, 10);
    serviceBridge(engine, 9000);
    const flow = flowLoopback(engine, 9000);
    engine.span.set(source.index, flow, 3, true);
    engine.interfaces.setAdmin(engine.interfaces.get(flow), false);
    const peer = testPort(engine, 2);
    engine.joinBridge(peer.index, 10);
    source.send(testFrame(1));
    expect(peer.received).toHaveLength(1);
    expect(engine.countersOf(source.index)?.drops).toBe(1);
    expect(engine.countersOf(flow)).toMatchObject({ txPackets: 0, txErrors: 1 });
  });
});
