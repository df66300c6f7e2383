import {
  type Consent,
  keys,
  type Receiver,
  type TapFlowRecord,
  type TapServiceRecord,
  tapFlowCodec,
} from '@taas/model';
import type { Compare, Operation, Transaction } from '@taas/store';
import type { Caller } from '../auth/authenticator.js';
import { tooContended } from '../errors/neutron-error.js';
import { agreed } from '../taps/terms/tap-approval.js';
import type { ClusterView } from '../view/cluster-view.js';
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
  { now, consent }: { readonly now: number; readonly consent?: Consent },
): CaptureRecords {
  const { project_id, name, reason, filter_rules, filter_rules_given, vlan_filter } = wish;
  const why = reason === undefined ? {} : { reason };
  const common = { v: 1, project_id, name, description: '', created_at: now, capture: id, ...why } as const;
  const services = parts.map(({ service }): TapServiceRecord => ({ ...common, id: service, receiver }));
  const flows = parts.map(({ service, flow, port, direction }): TapFlowRecord => {
    const what = { tap_service_id: service, source_port: port, direction, vlan_filter } as const;
    const given = filter_rules_given === undefined ? {} : { filter_rules_given: [...filter_rules_given] };
    const waits = consent === undefined ? {} : { consent };
    return { ...common, id: flow, ...what, filter_rules: [...filter_rules], ...given, ...waits };
  });
  return { services, flows };
}

/** Takes all of it out of etcd. */
export function captureRemoval(parts: readonly CapturePart[]): Operation[] {
  return parts
    .flatMap(({ service, flow }) => [keys.resource('tap_flows', flow), keys.resource('tap_services', service)])
    .map((key) => ({ kind: 'delete', key }));
}

/** What it takes to agree to all taps of a capture that wait for it. @throws NeutronError 409 for who has asked for it, or where the view does not know all of it */
export function captureConsent(
  parts: readonly CapturePart[],
  view: Pick<ClusterView, 'flows' | 'services'>,
  caller: Pick<Caller, 'userId'>,
  now: number,
): Pick<Transaction, 'compare' | 'operations'> {
  const compare: Compare[] = [];
  const operations: Operation[] = [];
  for (const { flow } of parts) {
    const entry = view.flows.get(flow);
    const record = entry?.record ? agreed(entry.record, caller, now) : null;
    // Not known here is not agreed to.
    if (!entry?.record) throw tooContended();
    if (!record) continue;
    // It goes on hanging on the lease: a put without it would take it off.
    const lease = view.services.get(record.tap_service_id)?.record?.receiver?.lease;
    if (lease === undefined) throw tooContended();
    compare.push({ kind: 'mod-revision', key: entry.key, revision: entry.revision });
    operations.push({ kind: 'put', key: entry.key, value: tapFlowCodec.format(record), lease });
  }
  return { compare, operations };
}
