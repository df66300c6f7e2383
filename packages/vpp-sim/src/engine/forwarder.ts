import type { Budget } from './budget.js';
import type { GreTable } from './gre-tunnels.js';
import { hardwareOf, type Interface, NO_INDEX } from './interface.js';
import type { InterfaceTable } from './interface-table.js';
import { canTransmit } from './interface-table.js';
import { IpHost } from './ip-host.js';
import { type L2Tables, l2Input, l2Output } from './l2-path.js';
import { newPacket, type Packet } from './packet.js';
import { classify, readTags } from './vlan-match.js';
import type { VxlanTable } from './vxlan-tunnels.js';

type Node = (packet: Packet) => void;

/** What is counted of the forwarding as a whole. */
export interface ForwarderCounters {
  /** Packets given up because their frame had caused too much work: a loop. */
  loopDrops: number;
  /** Frames of which VPP leaves open what becomes: a VPP may have died of one. */
  undefinedFrames: number;
}

/**
 * The forwarding graph: packets wait in a queue for their next node, so that neither a loop nor a long chain grows the
 * stack. `inject` returns when all that a frame caused here has been done.
 */
export class Forwarder {
  readonly counters: ForwarderCounters = { loopDrops: 0, undefinedFrames: 0 };
  readonly ip: IpHost;
  #queue: { readonly node: Node; readonly packet: Packet }[] = [];
  #running = false;

  constructor(
    private readonly interfaces: InterfaceTable,
    private readonly tables: L2Tables,
    private readonly vxlan: VxlanTable,
    private readonly gre: GreTable,
  ) {
    this.ip = new IpHost(vxlan, gre, this.#output);
  }

  /** A frame arrives on the wire of `port`. Frames too short for an Ethernet header are dropped. */
  inject(port: Interface, frame: Uint8Array, budget: Budget): void {
    this.#enqueue(this.#deviceInput, newPacket(frame, port.swIfIndex, budget));
    this.#run();
  }

  /** Asks for the neighbour at the far end of a tunnel, as VPP does as soon as there is one. */
  probe(dst: Uint8Array, budget: Budget): void {
    this.ip.probe(dst, budget);
    this.#run();
  }

  #run(): void {
    // A frame that comes back from a joined simulator finds us running: it waits in the queue like any other.
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = 0; next < this.#queue.length; next += 1) {
        const step = this.#queue[next];
        if (step === undefined) continue;
        if (step.packet.budget.left <= 0) this.counters.loopDrops += 1;
        else {
          step.packet.budget.left -= 1;
          step.node(step.packet);
        }
      }
    } finally {
      this.#queue = [];
      this.#running = false;
    }
  }

  #enqueue(node: Node, packet: Packet): void {
    this.#queue.push({ node, packet });
  }

  /** Counts a drop by the interface that the packet came in by, and for a sub-interface by its parent too. */
  readonly #drop: Node = (packet) => {
    const by = this.interfaces.find(packet.rx);
    if (by === undefined) return;
    by.counters.drops += 1;
    if (by.parent !== undefined) by.parent.counters.drops += 1;
  };

  readonly #output = {
    toL2Input: (packet: Packet) => this.#enqueue(this.#l2Input, packet),
    toL2Output: (packet: Packet) => this.#enqueue(this.#l2Output, packet),
    toInterface: (packet: Packet) => this.#enqueue(this.#interfaceOutput, packet),
    drop: (packet: Packet) => this.#drop(packet),
    undefinedFrame: () => {
      this.counters.undefinedFrames += 1;
    },
  };

  readonly #l2Input: Node = (packet) => l2Input(packet, this.tables, this.#output);
  readonly #l2Output: Node = (packet) => l2Output(packet, this.tables, this.#output);

  readonly #deviceInput: Node = (packet) => {
    const port = this.interfaces.find(packet.rx);
    if (port === undefined) return;
    if (!port.adminUp || packet.frame.length < 14) {
      this.#drop(packet);
      return;
    }
    countRx(port, packet);
    this.#deviceSpan(packet, packet.rx, 'rx');
    this.#ethernetInput(packet);
  };

  /** Finds the sub-interface that a frame belongs to; what is in L3 mode takes only what the IP host knows. */
  readonly #ethernetInput: Node = (packet) => {
    const port = this.interfaces.find(packet.rx);
    if (port === undefined) return;
    const by = classify(port, packet.frame, this.tables.configs.isL2(port.swIfIndex));
    const punted = this.#isPunted(port, packet);
    if (by === undefined || !by.adminUp) {
      if (!punted) this.#drop(packet);
      return;
    }
    // Whoever takes a tagged frame counts it here: the port itself for the second time (vnet/ethernet/node.c).
    if (by !== port || readTags(packet.frame).count > 0) countRx(by, packet);
    packet.rx = by.swIfIndex;
    if (this.tables.configs.isL2(by.swIfIndex)) this.#enqueue(this.#l2Input, packet);
    else if (!punted) this.ip.receive(packet, by);
  };

  /**
   * Whether VPP hands a frame to whom it may concern, which is nobody, and counts no drop: one to another's MAC address, at
   * a device that has nothing in L2 mode.
   */
  #isPunted(port: Interface, packet: Packet): boolean {
    const isUnicast = ((packet.frame[0] ?? 0) & 1) === 0;
    if (port.transmit === undefined || !isUnicast || Buffer.compare(packet.frame.subarray(0, 6), port.mac) === 0)
      return false;
    return ![port, ...port.subs.values()].some(({ swIfIndex }) => this.tables.configs.isL2(swIfIndex));
  }

  readonly #interfaceOutput: Node = (packet) => {
    const by = this.interfaces.find(packet.tx);
    if (by === undefined) {
      this.#drop(packet);
      return;
    }
    if (by.kind === 'vxlan' || by.kind === 'gre') {
      this.#throughTunnel(by, packet);
      return;
    }
    const wire = hardwareOf(by);
    if (!canTransmit(by)) {
      wire.counters.txErrors += 1;
      this.#drop(packet);
      return;
    }
    countTx(wire, packet);
    if (by !== wire) countTx(by, packet);
    this.#deviceSpan(packet, packet.tx, 'tx');
    if (wire.kind === 'loopback') this.#throughLoopback(wire, packet);
    else wire.transmit?.(packet.frame, packet.budget);
  };

  #throughTunnel(by: Interface, packet: Packet): void {
    const vxlan = this.vxlan.ofInterface(by.swIfIndex);
    const gre = this.gre.ofInterface(by.swIfIndex);
    if (vxlan !== undefined) this.ip.sendVxlan(packet, vxlan);
    else if (gre !== undefined) this.ip.sendGre(packet, gre);
    else this.#drop(packet);
  }

  /** A frame sent to a loopback comes in by it; its output node and its driver both count it. */
  #throughLoopback(loopback: Interface, packet: Packet): void {
    countTx(loopback, packet);
    packet.rx = loopback.swIfIndex;
    packet.tx = NO_INDEX;
    const bridged = this.tables.configs.find(loopback.swIfIndex)?.mode === 'bridge';
    this.#enqueue(bridged ? this.#l2Input : this.#ethernetInput, packet);
  }

  /** SPAN of the whole wire: copies pass none of the destination's L2 features. */
  #deviceSpan(packet: Packet, source: number, side: 'rx' | 'tx'): void {
    if (packet.spanClone) return;
    for (const destination of this.tables.span.destinations(source, side, false))
      this.#enqueue(this.#interfaceOutput, { ...packet, tx: destination, spanClone: true });
  }
}

function countRx(of: Interface, packet: Packet): void {
  of.counters.rxPackets += 1;
  of.counters.rxBytes += packet.frame.length;
}

function countTx(of: Interface, packet: Packet): void {
  of.counters.txPackets += 1;
  of.counters.txBytes += packet.frame.length;
}
