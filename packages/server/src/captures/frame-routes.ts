import { addressSpelling, isSameAddress, type NodeTapFlow, type NodeTapService } from '@taas/model';
import { vxlanPayload } from '@taas/packets';
import type { ClusterView } from '../view/cluster-view.js';
import type { Capture } from './capture.js';

/** Where a frame goes that comes from a node with a VNI. */
interface Route {
  readonly capture: Capture;
  readonly index: number;
}

/** Which frame is whose: a frame is taken in only from a node that was told to send it, with the VNI that it was told. */
export class FrameRoutes {
  /** By the node's address and the VNI: nothing else is taken in. */
  readonly #routes = new Map<string, Route>();

  /** @param address where nodes send to */
  constructor(private readonly address: string) {}

  /** Notes which frames are a capture's: as nodes have been told. */
  set(capture: Capture, view: ClusterView): void {
    this.forget(capture);
    if (capture.endedBecause !== null) return;
    for (const [index, { flow }] of capture.parts.entries())
      for (const { record } of view.nodeRecords.ofFlow(flow)) {
        const way = record && wayOf(record);
        if (way && isSameAddress(way.remote, this.address))
          this.#routes.set(routeKey(way.local, way.vni), { capture, index });
      }
  }

  forget(capture: Capture): void {
    for (const [key, route] of this.#routes) if (route.capture === capture) this.#routes.delete(key);
  }

  /** @param payload of a UDP datagram @param from the address that it came from */
  take(payload: Uint8Array, from: string): void {
    // A neighbour's link-local address, with the zone: no node's.
    if (from.includes('%')) return;
    const copied = vxlanPayload(payload);
    const route = copied && this.#routes.get(routeKey(from, copied.vni));
    if (route) route.capture.take(route.index, copied.frame);
  }
}

function wayOf(record: NodeTapFlow | NodeTapService) {
  return 'target' in record && !record.removed && record.target.type === 'vxlan' ? record.target : null;
}

const routeKey = (address: string, vni: number): string => `${addressSpelling(address)}/${vni}`;
