import { describe, expect, it } from 'vitest';
import { Engine } from './engine.js';
import { NO_INDEX } from './interface.js';
import { INPUT, OUTPUT } from './l2-features.js';
import { SPAN_STATE } from './span-table.js';
import { collectorSub, flowLoopback, serviceBridge, testFrame, testPort } from './test-bed.js';

const { RX, TX, BOTH, NONE } = SPAN_STATE;

/** A tenant's network (bridge domain 10) with the source and a peer in it. */
function tenant() {
  const engine = new Engine();
  const source = testPort(engine, 1);
  const peer = testPort(engine, 2);
  for (const port of [source, peer]) engine.joinBridge(port.index, 10);
  return { engine, source, peer };
}

describe('SPAN', () => {
  it('copies what the source sends for rx, what it is sent for tx, to several destinations', () => {
    const { engine, source, peer } = tenant();
    const [toVm, fromVm] = [testPort(engine, 3), testPort(engine, 4)];
    for (const port of [toVm, fromVm]) engine.joinBridge(port.index, 20 + port.index);
    engine.span.set(source.index, fromVm.index, RX, true);
    engine.span.set(source.index, toVm.index, TX, true);
    const out = testFrame(1, { dst: peer.mac });
    const back = testFrame(2, { src: peer.mac, dst: source.mac });
    source.send(out);
    peer.send(back);
    expect(fromVm.received).toEqual([out]);
    expect(toVm.received).toEqual([back]);
    expect(peer.received).toEqual([out]);
  });

  it('trap: a destination not in L2 mode gets nothing, without any error', () => {
    const { engine, source } = tenant();
    const collector = testPort(engine, 3);
    engine.span.set(source.index, collector.index, BOTH, true);
    source.send(testFrame(1));
    expect(collector.received).toEqual([]);
    expect([...engine.span.rows(true)]).toEqual([{ from: source.index, to: collector.index, state: BOTH, isL2: true }]);
  });

  it('trap: a deleted destination stays in the table and the next interface gets its index and its copies', () => {
    const { engine, source } = tenant();
    const collector = testPort(engine, 3);
    engine.joinBridge(collector.index, 30);
    engine.span.set(source.index, collector.index, BOTH, true);
    engine.interfaces.delete(engine.interfaces.get(collector.index));
    const stranger = testPort(engine, 4);
    expect(stranger.index).toBe(collector.index);
    source.send(testFrame(1));
    expect(stranger.received).toHaveLength(0);
    engine.joinBridge(stranger.index, 40);
    source.send(testFrame(2));
    expect(stranger.received).toEqual([testFrame(2)]);
  });

  it('trap: after L3 and back the table still says both, but nothing is copied until all are off and on again', () => {
    const { engine, source } = tenant();
    const collector = testPort(engine, 3);
    engine.joinBridge(collector.index, 30);
    engine.span.set(source.index, collector.index, BOTH, true);
    expect(engine.featureBits(source.index).input & INPUT.SPAN).not.toBe(0);
    engine.setL3(source.index);
    engine.joinBridge(source.index, 10);
    expect([...engine.span.rows(true)][0]?.state).toBe(BOTH);
    expect(engine.featureBits(source.index).input & INPUT.SPAN).toBe(0);
    engine.span.set(source.index, collector.index, BOTH, true);
    source.send(testFrame(1));
    expect(collector.received).toHaveLength(0);
    engine.span.set(source.index, NO_INDEX, NONE, true);
    engine.span.set(source.index, collector.index, BOTH, true);
    source.send(testFrame(2));
    expect(collector.received).toEqual([testFrame(2)]);
  });

  it('moving from bridge to bridge keeps the SPAN alive', () => {
    const { engine, source } = tenant();
    const collector = testPort(engine, 3);
    engine.joinBridge(collector.index, 30);
    engine.span.set(source.index, collector.index, BOTH, true);
    engine.joinBridge(source.index, 11);
    expect(engine.featureBits(source.index)).toMatchObject({ output: OUTPUT.OUTPUT | OUTPUT.SPAN });
    source.send(testFrame(1));
    expect(collector.received).toHaveLength(1);
  });

  it('trap: a reused source index inherits the old table, and a new tap on it copies nothing to anyone', () => {
    const { engine, source } = tenant();
    const [old, fresh] = [testPort(engine, 3), testPort(engine, 4)];
    for (const port of [old, fresh]) engine.joinBridge(port.index, 30 + port.index);
    engine.span.set(source.index, old.index, BOTH, true);
    engine.interfaces.delete(engine.interfaces.get(source.index));
    const next = testPort(engine, 5);
    expect(next.index).toBe(source.index);
    engine.joinBridge(next.index, 10);
    engine.span.set(next.index, fresh.index, BOTH, true);
    next.send(testFrame(1));
    expect(old.received).toHaveLength(0);
    expect(fresh.received).toHaveLength(0);
    expect([...engine.span.rows(true)]).toHaveLength(2);
  });

  it('trap: a copy is never copied again on the same node, even through a loopback', () => {
    const { engine, source } = tenant();
    serviceBridge(engine, 9000);
    const loopback = flowLoopback(engine, 9000);
    const collector = testPort(engine, 3);
    collectorSub(engine, collector.index, 9000);
    const second = testPort(engine, 4);
    engine.joinBridge(second.index, 50);
    engine.span.set(source.index, loopback, RX, true);
    engine.span.set(loopback, second.index, BOTH, true);
    source.send(testFrame(1));
    expect(collector.received).toHaveLength(1);
    expect(second.received).toHaveLength(0);
  });

  it('trap: a copy keeps the split-horizon group of its source and dies at a destination of the same group', () => {
    const engine = new Engine();
    const source = testPort(engine, 1);
    const destination = testPort(engine, 2);
    engine.joinBridge(source.index, 10, { shg: 1 });
    engine.joinBridge(destination.index, 20, { shg: 1 });
    engine.span.set(source.index, destination.index, RX, true);
    source.send(testFrame(1));
    expect(destination.received).toHaveLength(0);
  });

  it('holds one absolute state a pair: asking for tx takes rx away', () => {
    const { engine, source } = tenant();
    const collector = testPort(engine, 3);
    engine.joinBridge(collector.index, 30);
    engine.span.set(source.index, collector.index, RX, true);
    engine.span.set(source.index, collector.index, TX, true);
    source.send(testFrame(1));
    expect(collector.received).toHaveLength(0);
  });

  it('refuses what VPP refuses, and takes indices that do not exist', () => {
    const engine = new Engine();
    expect(() => engine.span.set(7, 7, BOTH, true)).toThrow('INVALID_INTERFACE');
    expect(() => engine.span.set(7, NO_INDEX, RX, true)).toThrow('INVALID_INTERFACE');
    expect(() => engine.span.set(7, 8, 4, true)).toThrow('UNIMPLEMENTED');
    engine.span.set(700, 800, BOTH, true);
    expect([...engine.span.rows(true)]).toEqual([{ from: 700, to: 800, state: BOTH, isL2: true }]);
  });

  it('input side: copies come before ACLs; output side: after them', () => {
    const { engine, source, peer } = tenant();
    const collector = testPort(engine, 3);
    engine.joinBridge(collector.index, 30);
    engine.span.set(source.index, collector.index, BOTH, true);
    const deny = engine.acls.addReplace(NO_INDEX, 'deny', []);
    engine.acls.bind(source.index, [deny], [deny]);
    const out = testFrame(1, { dst: peer.mac });
    source.send(out);
    peer.send(testFrame(2, { src: peer.mac, dst: source.mac }));
    expect(peer.received).toHaveLength(0);
    expect(source.received).toHaveLength(0);
    expect(collector.received).toEqual([out]);
  });

  it('a device SPAN copies whatever the mode of source and destination', () => {
    const engine = new Engine();
    const [source, collector] = [testPort(engine, 1), testPort(engine, 2)];
    engine.span.set(source.index, collector.index, RX, false);
    source.send(testFrame(1));
    expect(collector.received).toEqual([testFrame(1)]);
  });
});
