import { isSameAddress, type Link, type NodeTapFlow, type SegmentKey, unreadableAgent } from '@taas/model';
import type { HeldSegment } from '../view/segment-ledger.js';
import type { SegmentOption } from './segment-options.js';
import { physnetOf } from './segment-options.js';
import type { NodeFacts, ServiceSlice } from './service-slice.js';

type Target = NodeTapFlow['target'];

export type LinkChoice =
  /** `link` is seen from the source's node; `needs` is a segment that the service must take first, `mend` its own with a malformed record. */
  | { readonly link: Link; readonly needs: SegmentKey | null; readonly mend: HeldSegment | null }
  | { readonly obstacle: string; readonly waitsForSegment: boolean };

export interface LinkRequest {
  readonly project: string;
  readonly source: string;
  readonly collector: string;
  /** What the source's node was told and still wires, if the collector has not moved since. */
  readonly current: Target | undefined;
}

/**
 * How copies get from a source's node to the collector's: the first of the operator's options that both nodes have. While
 * a node's agent is silent nobody knows what the node has; then a link that is in use is kept, so that an agent's restart
 * interrupts nothing, and no other is begun.
 */
export function chooseLink(slice: ServiceSlice, request: LinkRequest): LinkChoice {
  const source = slice.node(request.source);
  const collector = slice.node(request.collector);
  for (const option of slice.options) {
    const ends = endsOf(option, source, collector, request.current);
    if (ends === null) continue;
    const choice = slice.segment(option, request.project);
    if ('obstacle' in choice) return { ...choice, waitsForSegment: true };
    const needs = choice.held ? null : { type: option.type, physnet: physnetOf(option), id: choice.id };
    return { link: linkOf(option, choice.id, ends), needs, mend: choice.mend ?? null };
  }
  return { obstacle: noCommonWay(slice, request, source, collector), waitsForSegment: false };
}

interface Ends {
  readonly local: string;
  readonly remote: string;
}

function endsOf(option: SegmentOption, source: NodeFacts, collector: NodeFacts, current?: Target): Ends | null {
  if (option.type === 'vlan') {
    const inUse = current?.type === 'vlan' && current.physnet === option.physnet;
    const usable = (node: NodeFacts) => node.hasPhysnet(option.physnet) || (inUse && !node.known);
    return usable(source) && usable(collector) ? { local: '', remote: '' } : null;
  }
  const inUse = current?.type === 'vxlan' ? current : undefined;
  const local = source.known ? source.tunnelAddress : inUse?.local;
  const remote = collector.known ? collector.tunnelAddress : inUse?.remote;
  return local && remote && !isSameAddress(local, remote) ? { local, remote } : null;
}

function linkOf(option: SegmentOption, id: number, ends: Ends): Link {
  if (option.type === 'vlan') return { type: 'vlan', physnet: option.physnet, vlan: id };
  return { type: 'vxlan', vni: id, local: ends.local, remote: ends.remote };
}

function noCommonWay(slice: ServiceSlice, request: LinkRequest, source: NodeFacts, collector: NodeFacts): string {
  const silent = [...(source.known ? [] : [request.source]), ...(collector.known ? [] : [request.collector])];
  const ways = slice.options.map((option) =>
    option.type === 'vlan' ? `physnet ${option.physnet}` : 'a tunnel address',
  );
  const { tunnelAddress: one } = source;
  if (one !== null && collector.tunnelAddress !== null && isSameAddress(one, collector.tunnelAddress))
    return `nodes ${request.source} and ${request.collector} both say that their tunnel address is ${one}`;
  const wanted = ways.length > 0 ? ways.join(' or ') : 'any, since none is configured';
  const odd = [request.source, request.collector].find((node) => slice.node(node).unreadable);
  if (odd !== undefined) return unreadableAgent(odd);
  const because = silent.length > 0 ? `; the TaaS agent of ${silent.join(' and ')} is not connected to its VPP` : '';
  return `nodes ${request.source} and ${request.collector} have no common way for copies (${wanted})${because}`;
}
