import { keys, type Receiver, type TapFlowRecord, type TapServiceRecord } from '@taas/model';
import type { Operation } from '@taas/store';
import type { CapturePart } from './capture.js';
import type { CaptureWish } from './capture-wish.js';

export interface CaptureRecords {
  readonly services: readonly TapServiceRecord[];
  readonly flows: readonly TapFlowRecord[];
}

/** Each port and direction has a tap service of its own: by its VNI the receiver tells them apart, whatever is in the frames. */
export function partsOf({ source_ports, direction }: CaptureWish, newId: () => string): CapturePart[] {
  const both = direction === 'BOTH' ? (['OUT', 'IN'] as const) : [direction];
  return source_ports.flatMap((port) =>
    both.map((each) => ({ port, direction: each, service: newId(), flow: newId() })),
  );
}

/** What a capture is in etcd: a tap service and a tap flow for each of its parts. */
export function captureRecords(
  id: string,
  wish: CaptureWish,
  parts: readonly CapturePart[],
  receiver: Receiver,
  now: number,
): CaptureRecords {
  const { project_id, name, filter_rules, filter_rules_given } = wish;
  const common = { v: 1, project_id, name, description: '', created_at: now, capture: id } as const;
  const services = parts.map(({ service }): TapServiceRecord => ({ ...common, id: service, receiver }));
  const flows = parts.map(({ service, flow, port, direction }): TapFlowRecord => {
    const what = { tap_service_id: service, source_port: port, direction, vlan_filter: null } as const;
    const given = filter_rules_given === undefined ? {} : { filter_rules_given: [...filter_rules_given] };
    return { ...common, id: flow, ...what, filter_rules: [...filter_rules], ...given };
  });
  return { services, flows };
}

/** Takes all of it out of etcd. */
export function captureRemoval(parts: readonly CapturePart[]): Operation[] {
  return parts
    .flatMap(({ service, flow }) => [keys.resource('tap_flows', flow), keys.resource('tap_services', service)])
    .map((key) => ({ kind: 'delete', key }));
}
