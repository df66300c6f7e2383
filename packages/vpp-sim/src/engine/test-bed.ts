import { macBytes, udp } from '@taas/packets';
import type { Budget } from './budget.js';
import type { Engine } from './engine.js';

/** A port of a test: what it was sent stands in `received`. */
export interface TestPort {
  readonly index: number;
  readonly mac: string;
  readonly received: Uint8Array[];
  send(frame: Uint8Array): void;
}

/** Adds a VM's port to an engine. Number `n` gives the name and the MAC address. */
export function testPort(engine: Engine, n: number): TestPort {
  const mac = `02:00:00:00:00:${n.toString(16).padStart(2, '0')}`;
  const received: Uint8Array[] = [];
  const device = engine.addDevice({
    kind: 'port',
    name: `port${n}`,
    deviceType: 'test',
    mac: macBytes(mac),
    transmit: (frame) => received.push(frame),
  });
  return { index: device.swIfIndex, mac, received, send: (frame) => engine.inject(device.swIfIndex, frame) };
}

/** Adds an uplink to each of two engines and a wire between them. */
export function wire(a: Engine, b: Engine): { a: number; b: number } {
  const ends: { a?: number; b?: number } = {};
  const device = (engine: Engine, n: number, transmit: (frame: Uint8Array, budget: Budget) => void) =>
    engine.addDevice({
      kind: 'uplink',
      name: `uplink${n}`,
      deviceType: 'test',
      mac: macBytes(`02:aa:00:00:00:0${n}`),
      transmit,
    }).swIfIndex;
  ends.a = device(a, 1, (frame, budget) => b.inject(ends.b ?? 0, frame, budget));
  ends.b = device(b, 2, (frame, budget) => a.inject(ends.a ?? 0, frame, budget));
  return { a: ends.a, b: ends.b };
}

/** A UDP frame whose payload tells it from every other with another `n`. */
export function testFrame(n: number, options: { src?: string; dst?: string; size?: number; dstPort?: number } = {}) {
  const payload = new Uint8Array(options.size ?? 64);
  new DataView(payload.buffer).setUint32(0, n);
  return udp({
    src: options.src ?? '02:00:00:00:00:01',
    dst: options.dst ?? '02:00:00:00:00:99',
    srcIp: '192.0.2.1',
    dstIp: '192.0.2.2',
    srcPort: 1234,
    dstPort: options.dstPort ?? 2345,
    payload,
  });
}

/** A service bridge domain as the design wants it: it floods everything and learns nothing. */
export function serviceBridge(engine: Engine, id: number): void {
  const off = { learn: false, forward: false, arpTerm: false, arpUfwd: false };
  engine.bridgeDomains.add(id, { ...off, flood: true, uuFlood: true, macAge: 0, tag: 'service' });
}

/** A flow's loopback, up and in the service bridge domain, split-horizon group 1. */
export function flowLoopback(engine: Engine, bridge: number): number {
  const loopback = engine.createLoopback(new Uint8Array(6));
  engine.interfaces.setAdmin(loopback, true);
  engine.joinBridge(loopback.swIfIndex, bridge, { shg: 1 });
  return loopback.swIfIndex;
}

/** A collector's sub-interface (VLAN 4095), up and in the service bridge domain. */
export function collectorSub(engine: Engine, port: number, bridge: number, vlan = 4095): number {
  const sub = engine.createVlanSubInterface(port, vlan);
  engine.interfaces.setAdmin(sub, true);
  engine.joinBridge(sub.swIfIndex, bridge);
  return sub.swIfIndex;
}
