import {
  awaitsConsent,
  type Because,
  because,
  flowOptionsOf,
  isSameAddress,
  keys,
  type NodeTapFlow,
  nodeTapFlowCodec,
  type Receiver,
  type SegmentKey,
  type TapFlowRecord,
  type TapServiceRecord,
  unreadableAgent,
  type VxlanLink,
} from '@taas/model';
import type { Sliced } from '../slices/slices.js';
import type { HeldSegment } from '../view/segment-ledger.js';
import type { Compiled, WantedRecord } from './compiled.js';
import { nodeLeft } from './migration.js';
import { refusedFlow } from './refused-flow.js';
import type { ServiceSlice } from './service-slice.js';
import { waitsForConsent } from './waits-for-consent.js';

/**
 * What nodes must be told for a tap service whose copies a program receives: each source's node sends them in VXLAN to the receiver's
 * address. There is no collector's node.
 */
export function* compileCapture(slice: ServiceSlice, service: TapServiceRecord, receiver: Receiver): Sliced<Compiled> {
  const compilation = new CaptureCompilation(slice, service, receiver);
  for (const { record } of slice.flows) {
    // A record of other hands: its frames would come as those of the captured port.
    if (record.capture === service.capture) compilation.place(record);
    yield;
  }
  return compilation.result();
}

class CaptureCompilation {
  readonly #records = new Map<string, WantedRecord>();
  readonly #needed = new Map<string, SegmentKey>();
  readonly #toMend = new Map<string, HeldSegment>();
  readonly #flows = new Map<string, Because>();
  readonly #lasting = new Set<string>();
  #waits = false;

  constructor(
    private readonly slice: ServiceSlice,
    private readonly service: TapServiceRecord,
    private readonly receiver: Receiver,
  ) {}

  place(flow: TapFlowRecord): void {
    const refused = refusedFlow(this.slice, this.service, flow);
    if (refused) this.#lasting.add(flow.id);
    const blocker = refused ?? this.#place(flow);
    if (blocker) this.#flows.set(flow.id, blocker);
  }

  result(): Compiled {
    return {
      nodeRecords: this.#records,
      segmentsNeeded: [...this.#needed.values()],
      segmentsToMend: [...this.#toMend.values()],
      blockers: { service: null, flows: this.#flows, lasting: this.#lasting },
      waitsForSegment: this.#waits,
      frozen: false,
    };
  }

  #place(flow: TapFlowRecord): Because | null {
    if (flow.deleting) return because('being_deleted', 'the tap flow is being deleted');
    if (awaitsConsent(flow)) return waitsForConsent;
    const { slice } = this;
    const place = slice.place(flow.source_port, slice.owner(flow.source_port, flow), 'tap_flows', flow.id);
    const bound = 'blocker' in place ? null : place.node;
    const blocker = 'blocker' in place ? place.blocker : this.#tell(flow, place.node, false);
    const left = nodeLeft(slice.published('tap_flows', flow.id), bound, slice);
    if (left !== null && (bound === null || blocker === null)) this.#tell(flow, left, true);
    return blocker;
  }

  #tell(flow: TapFlowRecord, node: string, leaving: boolean): Because | null {
    const key = keys.nodeResource(node, 'tap_flows', flow.id);
    const target = this.#target(node, key);
    if ('code' in target) return target;
    const { id, project_id, tap_service_id, source_port, direction, vlan_filter } = flow;
    const record: NodeTapFlow = {
      v: 1,
      id,
      project_id,
      tap_service_id,
      source_port,
      direction,
      vlan_filter,
      ...{ filter: flow.filter_rules ?? [], ...flowOptionsOf(flow), target, leased: true },
    };
    const leased = { key: keys.captureLease(node, this.service.id), lease: this.receiver.lease };
    const value = nodeTapFlowCodec.format(record);
    this.#records.set(key, { key, node, kind: 'tap_flows', id, value, leaving, leased });
    return null;
  }

  /** The tunnel from a node to the receiver; while the node's agent is silent, the one that it was told of. */
  #target(node: string, key: string): VxlanLink | Because {
    const { slice, service, receiver } = this;
    const option = slice.options.find(({ type }) => type === 'vxlan');
    if (!option) return because('no_common_network', 'captures need VXLAN ids, and the operator has given none');
    const facts = slice.node(node);
    const told = slice.nodeRecords.get(key)?.record;
    const current = told && 'target' in told && !told.removed && told.target.type === 'vxlan' ? told.target : null;
    const local = facts.known ? facts.tunnelAddress : (current?.local ?? null);
    if (local === null) return noAddress(slice, node);
    if (facts.known && !facts.endsCaptures)
      return because('unsupported_by_node', `the TaaS agent of ${node} is of a release that knows no captures`);
    const { address: remote } = receiver;
    if (local.includes(':') !== remote.includes(':'))
      return because(
        'address_family_mismatch',
        `node ${node} and the receiver have addresses of different IP versions`,
      );
    if (isSameAddress(local, remote))
      return because('tunnel_address_conflict', `node ${node} says that its tunnel address is that of the receiver`);
    const choice = slice.segment(option, service.project_id);
    if ('exhausted' in choice) {
      this.#waits = true;
      const what = 'no VXLAN id is free for this project: delete a tap service or capture that is not needed';
      return because('segments_exhausted', what);
    }
    if (!choice.held) {
      const segment: SegmentKey = { type: 'vxlan', physnet: null, id: choice.id };
      this.#needed.set(keys.segment(segment), segment);
    }
    if (choice.mend) this.#toMend.set(choice.mend.key, choice.mend);
    return { type: 'vxlan', vni: choice.id, local, remote };
  }
}

function noAddress(slice: ServiceSlice, node: string): Because {
  const { known, unreadable } = slice.node(node);
  if (unreadable) return unreadableAgent(node);
  return known
    ? because('no_tunnel_address', `node ${node} has no tunnel address that copies could be sent from`)
    : because('vpp_disconnected', `the TaaS agent of ${node} is not connected to its VPP`);
}
