import type { NodeTapFlow, NodeTapMirror, NodeTapService } from '@taas/model';
import type { NodeFacts } from '../node-facts.js';
import { noOverload } from '../plan/overload.js';

export const facts: NodeFacts = {
  uplinks: new Map(),
  tunnelAddress: '10.0.0.1',
  bridgeDomains: [0x800000, 0x8fffff],
  policedKbps: null,
  overload: noOverload,
};

/** A UUID that a failing test can be read by. */
export function uuid(kind: number, n: number): string {
  return `${kind.toString(16).padStart(8, '0')}-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

export const serviceId = (n: number) => uuid(0x5, n);
export const flowId = (n: number) => uuid(0xf, n);
export const mirrorId = (n: number) => uuid(0x3, n);
export const portId = (n: number) => uuid(0xa, n);

export function service(n: number, port: number, more: Partial<NodeTapService> = {}): NodeTapService {
  return { v: 1, id: serviceId(n), project_id: 'p', port_id: portId(port), inputs: [], ...more };
}

export function flow(n: number, of: number, source: number, more: Partial<NodeTapFlow> = {}): NodeTapFlow {
  return {
    v: 1,
    id: flowId(n),
    project_id: 'p',
    tap_service_id: serviceId(of),
    source_port: portId(source),
    direction: 'BOTH',
    vlan_filter: null,
    filter: [],
    target: { type: 'local' },
    ...more,
  };
}

export function mirror(n: number, port: number, more: Partial<NodeTapMirror> = {}): NodeTapMirror {
  return {
    v: 1,
    id: mirrorId(n),
    project_id: 'p',
    port_id: portId(port),
    mirror_type: 'erspanv1',
    local: '10.0.0.1',
    remote: '198.51.100.9',
    directions: { BOTH: n },
    mtu: null,
    ...more,
  };
}
