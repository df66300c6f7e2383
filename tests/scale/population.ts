import {
  keys,
  portRoleCodec,
  type TapFlowRecord,
  type TapServiceRecord,
  tapFlowCodec,
  tapServiceCodec,
} from '@taas/model';
import type { Operation } from '@taas/store';

export interface Size {
  readonly nodes: number;
  /** Of each node. */
  readonly flows: number;
}

/** A port of a VM, and where it is bound. */
export interface PlacedPort {
  readonly id: string;
  readonly node: number;
  readonly project: string;
}

export interface Population {
  readonly size: Size;
  /** API records, roles and bindings: what users and networking-vpp have written before a server looks. */
  readonly operations: readonly Operation[];
  readonly services: readonly { readonly id: string; readonly project: string }[];
  readonly flows: readonly { readonly id: string; readonly source: PlacedPort }[];
  /** Ports without taps, in turn of all nodes: what is made while the cloud runs is made on them. */
  readonly freePorts: readonly PlacedPort[];
}

export const flowsOfService = 10;
const projects = 50;
/** Of each node. */
const freePortsEach = 4;

export const nodeName = (n: number): string => `node-${n}`;
export const tunnelAddress = (n: number): string => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
export const projectName = (n: number): string => `project-${n % projects}`;

/** A UUID that says what it is of. */
export function idOf(kind: number, n: number): string {
  return `${kind.toString(16).padStart(8, '0')}-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

/**
 * A cloud's taps: services of ten flows each, whose sources and collectors are spread over all nodes, so that nine in ten of the copies
 * travel. Each flow has a port of its own. The projects have about as many each.
 */
export function population(size: Size): Population {
  const operations: Operation[] = [];
  const services: { id: string; project: string }[] = [];
  const flows: { id: string; source: PlacedPort }[] = [];
  const put = (key: string, value: string) => operations.push({ kind: 'put', key, value });
  const bind = (port: PlacedPort) => put(keys.boundPort(nodeName(port.node), port.id), '{}');
  const count = Math.ceil((size.nodes * size.flows) / flowsOfService);
  for (let s = 0; s < count; s += 1) {
    const project = projectName(s);
    const common = { v: 1, project_id: project, name: `tap-${s}`, description: '' } as const;
    const collector = { id: idOf(0xc, s), node: s % size.nodes, project };
    const service: TapServiceRecord = { ...common, id: idOf(0x5, s), created_at: s + 1, port_id: collector.id };
    services.push({ id: service.id, project });
    put(keys.resource('tap_services', service.id), tapServiceCodec.format(service));
    put(keys.portRole(collector.id), portRoleCodec.format({ v: 1, role: 'collector', project_id: project }));
    bind(collector);
    for (let f = 0; f < flowsOfService; f += 1) {
      const n = s * flowsOfService + f;
      if (n >= size.nodes * size.flows) break;
      const source = { id: idOf(0xa, n), node: n % size.nodes, project };
      const flow: TapFlowRecord = {
        ...{ ...common, id: idOf(0xf, n), created_at: count + n, tap_service_id: service.id },
        ...{ source_port: source.id, direction: 'BOTH', vlan_filter: null },
      };
      flows.push({ id: flow.id, source });
      put(keys.resource('tap_flows', flow.id), tapFlowCodec.format(flow));
      put(keys.portRole(source.id), portRoleCodec.format({ v: 1, role: 'source', project_id: project }));
      bind(source);
    }
  }
  const freePorts = Array.from({ length: size.nodes * freePortsEach }, (_, n) => {
    const port = { id: idOf(0xe, n), node: n % size.nodes, project: services[n % services.length]?.project ?? '' };
    bind(port);
    return port;
  });
  return { size, operations, services, flows, freePorts };
}
