import type { TokenPort } from '@taas/lab';
import {
  keys,
  portBindingCodec,
  portRoleCodec,
  type TapFlowRecord,
  type TapServiceRecord,
  tapFlowCodec,
  tapServiceCodec,
} from '@taas/model';
import type { Operation, Store } from '@taas/store';
import { uuid } from '../attack/stack.js';
import { putAll } from './fake-nodes.js';

export const nodes = 20;

/** A project's tap services, by how many flows each has. */
interface Share {
  readonly project: string;
  readonly services: readonly number[];
}

/** The tenant who has most: one tap service of 10,000 flows, one of 5,000 and five of 1,000. */
export const big = 'big';
/** Ports that a project copies from; a flow of the same service and port is one more flow. */
const portsOfProject = 400;

export interface BigCloud {
  readonly ports: Map<string, TokenPort>;
  readonly operations: readonly Operation[];
  readonly flows: number;
  /** Of the large tenant, the largest first. */
  readonly services: readonly string[];
  readonly flowIds: readonly string[];
  /** Of the large tenant, free of taps. */
  readonly freePorts: readonly string[];
  /** A port of the large tenant with so many flows as any has. */
  readonly tappedPort: string;
}

/**
 * The records of a cloud of `flows` flows, 20,000 of them (or a fifth, if that is less) of one tenant.
 * @param others projects besides the one tenant; with fewer than 16 there are fewer flows
 */
export function bigCloud(flows: number, others = 16): BigCloud {
  const scale = Math.min(1, flows / 100_000);
  const few = (count: number) => Math.max(1, Math.round(count * scale));
  const shares: Share[] = [
    { project: big, services: [few(10_000), few(5_000), ...Array(5).fill(few(1_000))] },
    ...Array.from({ length: others }, (_, n) => ({ project: `p${n}`, services: Array(5).fill(few(1_000)) })),
  ];
  const ports = new Map<string, TokenPort>();
  const operations: Operation[] = [];
  let made = 0;
  const nextId = () => uuid(++made);
  const put = (key: string, value: string) => operations.push({ kind: 'put', key, value });
  const port = (project: string, role: 'source' | 'collector' | null): string => {
    const id = nextId();
    const host = `node-${made % nodes}`;
    ports.set(id, { project, host });
    if (role === null) return id;
    put(keys.portRole(id), portRoleCodec.format({ v: 1, role, project_id: project }));
    const binding = { v: 1, node: host, reason: '', project_id: project } as const;
    put(keys.portBinding(id), portBindingCodec.format(binding));
    return id;
  };
  const services: string[] = [];
  const flowIds: string[] = [];
  let tappedPort = '';
  for (const share of shares) {
    const sources = Array.from({ length: portsOfProject }, () => port(share.project, 'source'));
    if (share.project === big) tappedPort = sources[0] ?? '';
    for (const count of share.services) {
      const common = { v: 1, project_id: share.project, name: '', description: '' } as const;
      const collector = port(share.project, 'collector');
      const service: TapServiceRecord = { ...common, id: nextId(), created_at: made, port_id: collector };
      put(keys.resource('tap_services', service.id), tapServiceCodec.format(service));
      if (share.project === big) services.push(service.id);
      for (let n = 0; n < count; n += 1) {
        const flow: TapFlowRecord = {
          ...{ ...common, id: nextId(), created_at: made, name: `flow-${n % 97}`, tap_service_id: service.id },
          ...{ source_port: sources[n % sources.length] ?? '', direction: 'BOTH', vlan_filter: null },
        };
        put(keys.resource('tap_flows', flow.id), tapFlowCodec.format(flow));
        flowIds.push(flow.id);
      }
    }
  }
  const freePorts = Array.from({ length: 1_200 }, () => port(big, null));
  return { ports, operations, flows: flowIds.length, services, flowIds, freePorts, tappedPort };
}

export const write = (store: Store, { operations }: BigCloud): Promise<void> => putAll(store, operations);
