import { describe, expect, it } from 'vitest';
import { Engine } from './engine.js';
import { INPUT, OUTPUT } from './l2-features.js';
import { SPAN_STATE } from './span-table.js';
import { TAG_REWRITE } from './tag-rewrite.js';
import { testFrame, testPort } from './test-bed.js';

describe('L2 mode', () => {
  it('trap: VPP may die of a copy to an interface in L3 mode where a SPAN or an ACL waits', () => {
    const engine = new Engine();
    const [source, peer, collector, further] = [1, 2, 3, 4].map((n) => testPort(engine, n));
    if (!source || !peer || !collector || !further) throw new Error('four ports were made');
    for (const port of [source, peer]) engine.joinBridge(port.index, 10);
    engine.span.set(source.index, collector.index, SPAN_STATE.RX, true);
    source.send(testFrame(1));
    expect(engine.forwarder.counters.undefinedFrames).toBe(0);
    engine.span.set(collector.index, further.index, SPAN_STATE.TX, true);
    source.send(testFrame(2));
    expect(collector.received).toEqual([]);
    expect(engine.forwarder.counters.undefinedFrames).toBe(1);
  });

  it('an interface sends without the bit that stands for sending', () => {
    const engine = new Engine();
    const [from, to] = [testPort(engine, 1), testPort(engine, 2)];
    for (const port of [from, to]) engine.joinBridge(port.index, 10);
    engine.l2.at(to.index).outputFeatures &= ~OUTPUT.OUTPUT;
    from.send(testFrame(1));
    expect(to.received).toHaveLength(1);
    engine.setL3(to.index);
    from.send(testFrame(2));
    expect(to.received).toHaveLength(1);
  });

  it('trap: a second BVI is refused and yet half-made: what comes in by it is bridged, and it is no member', () => {
    const engine = new Engine();
    const [own, second] = [engine.createLoopback(new Uint8Array(6)), testPort(engine, 1)];
    engine.joinBridge(own.swIfIndex, 10, { portType: 'bvi' });
    expect(() => engine.joinBridge(second.index, 10, { portType: 'bvi' })).toThrow('BD_ALREADY_HAS_BVI');
    expect(engine.featureBits(second.index)).toMatchObject({ output: 0 });
    expect(engine.featureBits(second.index).input & INPUT.FLOOD).not.toBe(0);
    expect(engine.bridgeDomains.find(10)?.members.has(second.index)).toBe(false);
  });

  it('trap: what takes unknown unicast is no member: it floods its own by what it was last told as a member', () => {
    const engine = new Engine();
    const [peer, out, fresh] = [testPort(engine, 1), testPort(engine, 2), testPort(engine, 3)];
    engine.joinBridge(peer.index, 10);
    engine.joinBridge(out.index, 20);
    engine.joinBridge(out.index, 10, { portType: 'uu-fwd' });
    out.send(testFrame(1));
    expect([peer.received, out.received]).toEqual([[testFrame(1)], []]);
    engine.joinBridge(fresh.index, 10, { portType: 'uu-fwd' });
    fresh.send(testFrame(2));
    expect(peer.received).toHaveLength(1);
    peer.send(testFrame(3));
    expect(fresh.received).toEqual([testFrame(3)]);
  });

  it('link needs both the administrator and the VM', () => {
    const engine = new Engine();
    const port = engine.interfaces.get(testPort(engine, 1).index);
    engine.interfaces.setAdmin(port, false);
    expect(port.linkUp).toBe(false);
    engine.interfaces.setSpanDestination(port, false);
    engine.interfaces.setAdmin(port, true);
    expect(port.linkUp).toBe(false);
    engine.interfaces.setSpanDestination(port, true);
    expect(port.linkUp).toBe(true);
  });

  it('trap: a tag rewrite that is refused blanks the tags of the one before', () => {
    const engine = new Engine();
    const [trunk, other] = [testPort(engine, 1), testPort(engine, 2)];
    const sub = engine.createVlanSubInterface(trunk.index, 100).swIfIndex;
    for (const index of [sub, other.index]) engine.joinBridge(index, 10);
    engine.rewriteTags(sub, TAG_REWRITE.POP_1);
    const tagOf = () => Buffer.from(trunk.received.at(-1) ?? []).readUInt32BE(12);
    other.send(testFrame(1));
    expect(tagOf()).toBe(0x8100_0064);
    expect(() => engine.rewriteTags(sub, 9)).toThrow('INVALID_VALUE');
    other.send(testFrame(2));
    expect(tagOf()).toBe(0x8100_0064);
    expect(() => engine.rewriteTags(sub, TAG_REWRITE.POP_2)).toThrow('INVALID_VLAN_TAG_COUNT');
    other.send(testFrame(3));
    expect(tagOf()).toBe(0);
  });

  it('trap: a loopback’s sub-interface, deleted as a loopback, takes the loopback along', () => {
    const engine = new Engine();
    const loopback = engine.createLoopback(new Uint8Array(6)).swIfIndex;
    const sub = engine.createVlanSubInterface(loopback, 100).swIfIndex;
    engine.deleteLoopback(sub);
    expect([loopback, sub].map((index) => engine.interfaces.find(index))).toEqual([undefined, undefined]);
    expect(engine.createLoopback(new Uint8Array(6)).name).toBe('loop0');
  });

  it('refuses loudly what it does not imitate: a sub-interface of a sub-interface', () => {
    const engine = new Engine();
    const sub = engine.createVlanSubInterface(testPort(engine, 1).index, 100);
    const match = { subId: 7, tagCount: 1, outerVlan: 7, innerVlan: 0, exact: true } as const;
    const plain = { dot1ad: false, defaultSub: false, anyInner: false };
    expect(() => engine.createSubInterface(sub.swIfIndex, { ...match, ...plain })).toThrow('UNIMPLEMENTED');
  });
});
