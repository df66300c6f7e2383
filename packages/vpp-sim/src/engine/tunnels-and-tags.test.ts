import { ipBytes, parseFrame, udp, vxlanDecap } from '@taas/packets';
import { describe, expect, it } from 'vitest';
import { Engine } from './engine.js';
import { NO_INDEX } from './interface.js';
import { SPAN_STATE } from './span-table.js';
import { TAG_REWRITE } from './tag-rewrite.js';
import { collectorSub, flowLoopback, serviceBridge, type TestPort, testFrame, testPort, wire } from './test-bed.js';

const frames = [testFrame(1), testFrame(2, { dst: 'ff:ff:ff:ff:ff:ff' }), testFrame(3, { size: 8958 })];

/** Two nodes with a wire between them: source on one, collector on the other, and a service bridge on both. */
function twoNodes() {
  const [near, far] = [new Engine(), new Engine()];
  const ends = wire(near, far);
  const source = testPort(near, 1);
  near.joinBridge(source.index, 10);
  const collector = testPort(far, 2);
  far.joinBridge(collector.index, 20);
  for (const engine of [near, far]) serviceBridge(engine, 9000);
  near.span.set(source.index, flowLoopback(near, 9000), SPAN_STATE.RX, true);
  collectorSub(far, collector.index, 9000);
  return { near, far, ends, source, collector };
}

function sendAll(source: TestPort) {
  for (const frame of frames) source.send(frame);
}

describe('VLAN between nodes', () => {
  it('carries copies over a sub-interface with tag-rewrite pop 1 on both sides', () => {
    const { near, far, ends, source, collector } = twoNodes();
    for (const [engine, uplink, shg] of [[near, ends.a, 0] as const, [far, ends.b, 1] as const]) {
      const sub = engine.createVlanSubInterface(uplink, 3900);
      engine.interfaces.setAdmin(sub, true);
      engine.joinBridge(sub.swIfIndex, 9000, { shg });
      engine.rewriteTags(sub.swIfIndex, TAG_REWRITE.POP_1);
    }
    sendAll(source);
    expect(collector.received).toEqual(frames);
  });

  it('a sub-interface takes exactly its tag; a port in L2 mode takes the tags nobody takes, in L3 mode none', () => {
    const engine = new Engine();
    const [port, inSub, inMain] = [testPort(engine, 1), testPort(engine, 2), testPort(engine, 3)];
    const sub = engine.createVlanSubInterface(port.index, 100);
    engine.interfaces.setAdmin(sub, true);
    engine.joinBridge(sub.swIfIndex, 100);
    engine.joinBridge(inSub.index, 100);
    engine.joinBridge(inMain.index, 200);
    const tagged = (vlans: number[]) =>
      udp({
        src: port.mac,
        dst: 'ff:ff:ff:ff:ff:ff',
        srcIp: '192.0.2.1',
        dstIp: '192.0.2.2',
        srcPort: 1,
        dstPort: 2,
        tags: vlans.map((vlan) => ({ vlan })),
      });
    port.send(tagged([101]));
    expect(inMain.received).toHaveLength(0);
    engine.joinBridge(port.index, 200);
    for (const vlans of [[100], [101], [100, 5], []]) port.send(tagged(vlans));
    expect(inSub.received).toEqual([tagged([100])]);
    expect(inMain.received).toEqual([tagged([101]), tagged([100, 5]), tagged([])]);
  });

  it('trap: an exact-match sub-interface does not take a frame that has a second tag; one that is not exact does', () => {
    const engine = new Engine();
    const [port, other] = [testPort(engine, 1), testPort(engine, 2)];
    const twoTags = udp({
      src: port.mac,
      dst: 'ff:ff:ff:ff:ff:ff',
      srcIp: '192.0.2.1',
      dstIp: '192.0.2.2',
      srcPort: 1,
      dstPort: 2,
      tags: [{ vlan: 3900 }, { vlan: 100 }],
    });
    const plain = {
      tagCount: 1,
      outerVlan: 3900,
      innerVlan: 0,
      dot1ad: false,
      defaultSub: false,
      anyInner: false,
    } as const;
    engine.joinBridge(other.index, 10);
    for (const exact of [true, false]) {
      const sub = engine.createSubInterface(port.index, { ...plain, subId: 3900, exact });
      engine.interfaces.setAdmin(sub, true);
      engine.joinBridge(sub.swIfIndex, 10);
      port.send(twoTags);
      expect(other.received).toHaveLength(exact ? 0 : 1);
      engine.deleteSubInterface(sub.swIfIndex);
    }
  });

  it('trap: a second sub-interface for the same tags is refused, and the first one receives nothing from then on', () => {
    const engine = new Engine();
    const [port, other] = [testPort(engine, 1), testPort(engine, 2)];
    const sub = engine.createVlanSubInterface(port.index, 100);
    engine.interfaces.setAdmin(sub, true);
    for (const index of [sub.swIfIndex, other.index]) engine.joinBridge(index, 100);
    engine.rewriteTags(sub.swIfIndex, TAG_REWRITE.POP_1);
    other.send(testFrame(1));
    const tagged = port.received[0] ?? new Uint8Array(0);
    port.send(tagged);
    expect(other.received).toHaveLength(1);
    const again = { subId: 1, tagCount: 1, outerVlan: 100, innerVlan: 0, exact: true, dot1ad: false } as const;
    const refused = { ...again, defaultSub: false, anyInner: false };
    expect(() => engine.createSubInterface(port.index, refused)).toThrow('UNSPECIFIED');
    port.send(tagged);
    expect(other.received).toHaveLength(1);
  });

  it('trap: a sub-interface that is down swallows the frames with its tag, and yet sends', () => {
    const engine = new Engine();
    const [port, other] = [testPort(engine, 1), testPort(engine, 2)];
    const sub = engine.createVlanSubInterface(port.index, 100);
    for (const index of [sub.swIfIndex, other.index]) engine.joinBridge(index, 100);
    engine.rewriteTags(sub.swIfIndex, TAG_REWRITE.POP_1);
    other.send(testFrame(1));
    const sent = port.received[0] ?? new Uint8Array(0);
    expect(parseFrame(sent)?.tags.map((tag) => tag.vlan)).toEqual([100]);
    port.send(sent);
    expect(other.received).toHaveLength(0);
    engine.interfaces.setAdmin(sub, true);
    port.send(sent);
    expect(other.received).toEqual([testFrame(1)]);
  });

  it('trap: leaving L2 mode takes the tag rewrite along', () => {
    const engine = new Engine();
    const [port, other] = [testPort(engine, 1), testPort(engine, 2)];
    const sub = engine.createVlanSubInterface(port.index, 100).swIfIndex;
    for (const index of [sub, other.index]) engine.joinBridge(index, 100);
    engine.rewriteTags(sub, TAG_REWRITE.POP_1);
    engine.setL3(sub);
    engine.joinBridge(sub, 100);
    other.send(testFrame(1));
    expect(port.received).toEqual([testFrame(1)]);
  });

  it('refuses to pop what an interface has not, and a sub-interface above a parent that is down', () => {
    const engine = new Engine();
    const port = testPort(engine, 1);
    expect(() => engine.rewriteTags(port.index, TAG_REWRITE.POP_1)).toThrow('INVALID_VLAN_TAG_COUNT');
    expect(() => engine.rewriteTags(port.index, 9)).toThrow('INVALID_VALUE');
    const sub = engine.createVlanSubInterface(port.index, 1);
    expect(() => engine.createVlanSubInterface(port.index, 1)).toThrow('VLAN_ALREADY_EXISTS');
    engine.interfaces.setAdmin(engine.interfaces.get(port.index), false);
    expect(() => engine.interfaces.setAdmin(sub, true)).toThrow('must be up');
  });
});

describe('VXLAN between nodes', () => {
  const tunnel = (src: string, dst: string, vni = 70001) => ({
    instance: undefined,
    src: ipBytes(src),
    dst: ipBytes(dst),
    srcPort: 0,
    dstPort: 0,
    mcastSwIfIndex: NO_INDEX,
    encapVrfId: 0,
    decapNextIndex: NO_INDEX,
    vni,
  });

  it.each([
    ['IPv4', '10.0.0.1', '10.0.0.2', 24],
    ['IPv6', 'fd00::1', 'fd00::2', 64],
  ])(
    'carries copies over %s, the first too: each end has asked for the other when its tunnel was made',
    (_name, a, b, length) => {
      const { near, far, ends, source, collector } = twoNodes();
      const sides = [
        { engine: near, uplink: ends.a, own: a, peer: b, shg: 0 },
        { engine: far, uplink: ends.b, own: b, peer: a, shg: 1 },
      ];
      for (const { engine, uplink, own, peer, shg } of sides) {
        engine.ip.addresses.add({ interface: engine.interfaces.get(uplink), address: ipBytes(own), length });
        engine.joinBridge(engine.createVxlanTunnel(tunnel(own, peer)).swIfIndex, 9000, { shg });
      }
      sendAll(source);
      expect(collector.received).toEqual(frames);
    },
  );

  it('delivers by (VNI, source, destination) alone', () => {
    const engine = new Engine();
    const sent: Uint8Array[] = [];
    const uplink = engine.addDevice({
      kind: 'uplink',
      name: 'up',
      deviceType: 'test',
      mac: new Uint8Array(6),
      transmit: (frame) => sent.push(frame),
    });
    const port = testPort(engine, 1);
    engine.ip.addresses.add({ interface: uplink, address: ipBytes('10.0.0.1'), length: 24 });
    engine.ip.neighbors.learn(uplink, ipBytes('10.0.0.2'), '02:00:00:00:00:02');
    const index = engine.createVxlanTunnel(tunnel('10.0.0.1', '10.0.0.2')).swIfIndex;
    for (const member of [index, port.index]) engine.joinBridge(member, 10);
    port.send(testFrame(1));
    const outer = vxlanDecap(sent[0] ?? new Uint8Array(0));
    expect(outer).toMatchObject({ vni: 70001, dstPort: 4789, inner: testFrame(1) });
    expect(() => engine.createVxlanTunnel(tunnel('10.0.0.1', '10.0.0.2'))).toThrow('TUNNEL_EXIST');
    expect(() => engine.createVxlanTunnel(tunnel('10.0.0.1', '10.0.0.1'))).toThrow('SAME_SRC_DST');
    engine.inject(uplink.swIfIndex, sent[0] ?? new Uint8Array(0));
    expect(port.received).toHaveLength(0);
    expect(engine.countersOf(index)?.rxPackets).toBe(0);
    expect(engine.deleteVxlanTunnel(tunnel('10.0.0.1', '10.0.0.2')).swIfIndex).toBe(index);
    expect(() => engine.deleteVxlanTunnel(tunnel('10.0.0.1', '10.0.0.2'))).toThrow('NO_SUCH_ENTRY');
  });
});

describe('GRE', () => {
  const spec = { instance: undefined, outerTableId: 0, flags: 0, sessionId: 0, key: 0 };

  function outside(engine: Engine) {
    const sent: Uint8Array[] = [];
    const uplink = engine.addDevice({
      kind: 'uplink',
      name: 'up',
      deviceType: 'test',
      mac: new Uint8Array(6),
      transmit: (frame) => sent.push(frame),
    });
    engine.ip.addresses.add({ interface: uplink, address: ipBytes('10.0.0.1'), length: 24 });
    engine.ip.neighbors.learn(uplink, ipBytes('10.0.0.2'), '02:00:00:00:00:02');
    return { sent, uplink };
  }

  it('carries copies out in ERSPAN type II, fifty bytes longer, the tunnel itself counting none', () => {
    const engine = new Engine();
    const source = testPort(engine, 1);
    const { sent } = outside(engine);
    const ends = { src: ipBytes('10.0.0.1'), dst: ipBytes('10.0.0.2') };
    const tunnel = engine.createGreTunnel({ ...spec, ...ends, type: 2, sessionId: 102 });
    for (const index of [source.index, tunnel.swIfIndex]) engine.joinBridge(index, 10);
    source.send(testFrame(1));
    expect(sent).toHaveLength(0);
    engine.interfaces.setAdmin(tunnel, true);
    source.send(testFrame(2));
    expect(sent).toHaveLength(1);
    const out = Buffer.from(sent[0] ?? []);
    expect(out.length).toBe(testFrame(2).length + 50);
    // The second packet: the one that came while the tunnel was down has a number too, in VPP as well.
    expect(out.subarray(34, 50).toString('hex')).toBe('100088be000000011000186600000000');
    expect(Uint8Array.from(out.subarray(50))).toEqual(testFrame(2));
    expect(tunnel.counters.txPackets).toBe(0);
  });

  it.each([
    ['no key', { type: 1, key: 0 }, 9000, '00006558'],
    ['a key', { type: 1, key: 0x01020304 }, 9000, '2000655801020304'],
    ['ERSPAN', { type: 2, key: 0 }, 8988, '100088be00000001'],
  ])('takes frames up to its own MTU and sends them in fragments of the underlay, with %s', (_, kind, most, header) => {
    const engine = new Engine();
    const source = testPort(engine, 1);
    const { sent, uplink } = outside(engine);
    const ends = { src: ipBytes('10.0.0.1'), dst: ipBytes('10.0.0.2') };
    const tunnel = engine.createGreTunnel({ ...spec, ...ends, ...kind });
    for (const index of [source.index, tunnel.swIfIndex]) engine.joinBridge(index, 10);
    engine.interfaces.setAdmin(tunnel, true);
    source.send(new Uint8Array(most + 1));
    expect(sent).toHaveLength(0);
    source.send(new Uint8Array(most).fill(7));
    expect(sent.length).toBe(2);
    expect(sent.map((each) => each.length)).toEqual([
      9010,
      most + header.length / 2 + (kind.type === 2 ? 8 : 0) - 8976 + 34,
    ]);
    expect(
      Buffer.from(sent[0] ?? [])
        .subarray(34)
        .toString('hex'),
    ).toMatch(new RegExp(`^${header}`));
    tunnel.mtu = 65_535;
    uplink.mtu = 9216;
    sent.length = 0;
    source.send(new Uint8Array(most + 1));
    expect(sent.length).toBe(1);
  });

  it.each([
    ['198.51.100.20', 2, 102, 0, '4500006000000000fd2f88c30a630001c6336414', '100088be000000001000186600000000'],
    ['198.51.100.20', 1, 0, 4e9, '4500005800000000fd2f88cb0a630001c6336414', '20006558ee6b2800'],
    ['2001:db8::9', 2, 5, 0, '60000000004c2ffe', '100088be000000001000180500000000'],
    ['2001:db8::9', 1, 0, 6, '6000000000442ffe', '2000655800000006'],
  ])('writes the headers that a real VPP wrote: to %s, type %i', (to, type, sessionId, key, ip, gre) => {
    const engine = new Engine();
    const source = testPort(engine, 1);
    const { sent, uplink } = outside(engine);
    const from = to.includes(':') ? '2001:db8::1' : '10.99.0.1';
    const route = { interface: uplink, nextHop: ipBytes(to.includes(':') ? '::' : '10.0.0.2') };
    engine.ip.routes.add({ prefix: { address: ipBytes(to), length: to.includes(':') ? 128 : 32 }, ...route });
    engine.ip.neighbors.learn(uplink, ipBytes(to), '02:00:00:00:00:99');
    const tunnel = engine.createGreTunnel({ ...spec, src: ipBytes(from), dst: ipBytes(to), type, sessionId, key });
    engine.interfaces.setAdmin(tunnel, true);
    for (const index of [source.index, tunnel.swIfIndex]) engine.joinBridge(index, 10);
    const frame = new Uint8Array(60).fill(1);
    source.send(frame);
    const packet = Buffer.from(sent[0] ?? []).subarray(14);
    const greAt = to.includes(':') ? 40 : 20;
    expect(packet.subarray(0, ip.length / 2).toString('hex')).toBe(ip);
    expect(packet.subarray(greAt).toString('hex')).toBe(gre + Buffer.from(frame).toString('hex'));
  });

  it('sends through a router, through a route to that router, or not at all', () => {
    const engine = new Engine();
    const source = testPort(engine, 1);
    const { sent, uplink } = outside(engine);
    const route = (prefix: string, length: number, nextHop: string, by?: typeof uplink) =>
      engine.ip.routes.add({ prefix: { address: ipBytes(prefix), length }, interface: by, nextHop: ipBytes(nextHop) });
    const tunnel = engine.createGreTunnel({
      ...spec,
      ...{ src: ipBytes('10.0.0.1'), dst: ipBytes('198.51.100.9'), type: 1, key: 5 },
    });
    for (const index of [source.index, tunnel.swIfIndex]) engine.joinBridge(index, 10);
    engine.interfaces.setAdmin(tunnel, true);
    const arrives = (n: number) => {
      sent.length = 0;
      source.send(testFrame(n));
      return sent.map((frame) => Buffer.from(frame.subarray(0, 6)).toString('hex'));
    };
    expect(arrives(1)).toEqual([]);
    route('198.51.100.0', 24, '192.0.2.1');
    expect(arrives(2)).toEqual([]);
    route('192.0.2.0', 24, '10.0.0.2', uplink);
    expect(arrives(3)).toEqual(['020000000002']);
    route('198.51.100.9', 32, '0.0.0.0');
    expect(arrives(4)).toEqual([]);
    engine.ip.routes.remove({ address: ipBytes('198.51.100.9'), length: 32 });
    route('198.51.100.0', 24, '10.0.0.2', uplink);
    expect(arrives(5)).toEqual(['020000000002']);
    expect(() => engine.ip.routes.remove({ address: ipBytes('9.9.9.9'), length: 32 })).toThrow('NO_SUCH_ENTRY');
  });

  it('carries whole frames both ways between two nodes', () => {
    const { near, far, ends, source, collector } = twoNodes();
    const sides = [
      { engine: near, uplink: ends.a, own: '10.0.0.1', peer: '10.0.0.2', shg: 0 },
      { engine: far, uplink: ends.b, own: '10.0.0.2', peer: '10.0.0.1', shg: 1 },
    ];
    for (const { engine, uplink, own, peer, shg } of sides) {
      engine.ip.addresses.add({ interface: engine.interfaces.get(uplink), address: ipBytes(own), length: 24 });
      engine.interfaces.get(uplink).mtu = 9216;
      const tunnel = engine.createGreTunnel({ ...spec, src: ipBytes(own), dst: ipBytes(peer), type: 1 });
      engine.interfaces.setAdmin(tunnel, true);
      engine.joinBridge(tunnel.swIfIndex, 9000, { shg });
    }
    sendAll(source);
    expect(collector.received).toEqual(frames);
  });
});
