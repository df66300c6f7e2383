import { ipBytes, vxlanDecap } from '@taas/packets';
import { describe, expect, it } from 'vitest';
import { Engine } from './engine.js';
import { GRE_TYPE } from './gre-tunnels.js';
import { NO_INDEX } from './interface.js';
import { testFrame, testPort } from './test-bed.js';

const ARP_REQUEST = 42;

/** An engine with an uplink at 10.0.0.1, and what left by it. */
function underlay() {
  const engine = new Engine();
  const uplink = testPort(engine, 9);
  const by = engine.interfaces.get(uplink.index);
  engine.ip.addresses.add({ interface: by, address: ipBytes('10.0.0.1'), length: 24 });
  const learn = (ip: string) => engine.ip.neighbors.learn(by, ipBytes(ip), '02:00:00:00:00:f2');
  return { engine, sent: uplink.received, learn };
}

const ends = { src: ipBytes('10.0.0.1'), dst: ipBytes('10.0.0.2') };

function vxlan(vni: number) {
  const ports = { srcPort: 0, dstPort: 0, mcastSwIfIndex: NO_INDEX, encapVrfId: 0, decapNextIndex: NO_INDEX };
  return { ...ends, ...ports, instance: undefined, vni };
}

function erspan(sessionId: number) {
  return { ...ends, type: GRE_TYPE.ERSPAN, instance: undefined, outerTableId: 0, flags: 0, sessionId, key: 0 };
}

describe('tunnels', () => {
  it('ask for their far end when a VXLAN tunnel is made and a GRE tunnel goes up; no frame waits for the answer', () => {
    const { engine, sent, learn } = underlay();
    const port = testPort(engine, 1);
    const tunnel = engine.createVxlanTunnel(vxlan(1));
    expect(sent.map((frame) => frame.length)).toEqual([ARP_REQUEST]);
    for (const index of [port.index, tunnel.swIfIndex]) engine.joinBridge(index, 10);
    port.send(testFrame(1));
    expect(sent.map((frame) => frame.length)).toEqual([ARP_REQUEST, ARP_REQUEST]);
    expect(engine.countersOf(port.index)?.drops).toBe(1);
    learn('10.0.0.2');
    expect(sent).toHaveLength(2);
    port.send(testFrame(2));
    expect(vxlanDecap(sent[2] ?? new Uint8Array())?.inner).toEqual(testFrame(2));

    const other = underlay();
    const gre = other.engine.createGreTunnel(erspan(1));
    expect(other.sent).toHaveLength(0);
    other.engine.interfaces.setAdmin(gre, true);
    expect(other.sent.map((frame) => frame.length)).toEqual([ARP_REQUEST]);
  });

  it('VXLAN counts what leaves with its headers, and sends with a TTL one below what VPP begins with', () => {
    const { engine, sent, learn } = underlay();
    learn('10.0.0.2');
    const port = testPort(engine, 1);
    const tunnel = engine.createVxlanTunnel(vxlan(1));
    for (const index of [port.index, tunnel.swIfIndex]) engine.joinBridge(index, 10);
    port.send(testFrame(1));
    expect(tunnel.counters).toMatchObject({ txPackets: 1, txBytes: testFrame(1).length + 20 + 8 + 8 });
    expect(sent[0]?.[14 + 8]).toBe(253);
    engine.interfaces.setAdmin(tunnel, false);
    expect(tunnel.linkUp).toBe(false);
    port.send(testFrame(2));
    expect(sent).toHaveLength(2);
  });

  it('ERSPAN numbers from zero, and a tunnel that is down numbers what it does not send', () => {
    const { engine, sent, learn } = underlay();
    learn('10.0.0.2');
    const port = testPort(engine, 1);
    const tunnel = engine.createGreTunnel(erspan(1));
    for (const index of [port.index, tunnel.swIfIndex]) engine.joinBridge(index, 10);
    const sequence = (frame: Uint8Array | undefined) => Buffer.from(frame ?? []).readUInt32BE(14 + 20 + 4);
    engine.interfaces.setAdmin(tunnel, true);
    port.send(testFrame(1));
    engine.interfaces.setAdmin(tunnel, false);
    port.send(testFrame(2));
    engine.interfaces.setAdmin(tunnel, true);
    port.send(testFrame(3));
    expect(sent.map(sequence)).toEqual([0, 2]);
  });

  it('are listed in the order of their places, which a new one takes from the one deleted last', () => {
    const { engine } = underlay();
    for (const vni of [1, 2, 3]) engine.createVxlanTunnel(vxlan(vni));
    engine.deleteVxlanTunnel(vxlan(2));
    engine.createVxlanTunnel(vxlan(4));
    expect([...engine.tunnels.all()].map(({ vni }) => vni)).toEqual([1, 4, 3]);
    for (const session of [1, 2, 3]) engine.createGreTunnel(erspan(session));
    engine.deleteGreTunnel(erspan(1));
    engine.createGreTunnel(erspan(4));
    expect([...engine.gre.all()].map(({ sessionId }) => sessionId)).toEqual([4, 2, 3]);
  });
});
