import {
  type Because,
  because,
  isSameAddress,
  type Link,
  type NodeTapFlow,
  type SegmentKey,
  unreadableAgent,
} from '@taas/model';
import type { HeldSegment } from '../view/segment-ledger.js';
import type { SegmentChoice } from './pick-segment.js';
import { nameOption, physnetOf, type SegmentOption } from './segment-options.js';
import type { NodeFacts, ServiceSlice } from './service-slice.js';

type Target = NodeTapFlow['target'];

export type LinkChoice =
  /** `link` is seen from the source's node; `needs` is a segment that the service must take first, `mend` its own with a malformed record. */
  | {
      readonly link: Link;
      readonly needs: SegmentKey | null;
      readonly mend: HeldSegment | null;
      /** Another link would be taken if a segment were free. */
      readonly waitsForSegment: boolean;
    }
  | { readonly blocker: Because; readonly waitsForSegment: boolean };

export interface LinkRequest {
  readonly project: string;
  readonly source: string;
  readonly collector: string;
  /** What the source's node was told and still wires, if the collector has not moved since. */
  readonly current: Target | undefined;
}

/**
 * How copies get from a source's node to the collector's: the first of the operator's options that both nodes have, that is safe,
 * and of which there is something left for the project. A link that stands is not left for one that would have to be taken first.
 * While a node's agent is silent nobody knows what the node has; then a link that is in use is kept, so that an agent's restart
 * interrupts nothing, and no other is begun.
 */
export function chooseLink(slice: ServiceSlice, request: LinkRequest): LinkChoice {
  const source = slice.node(request.source);
  const collector = slice.node(request.collector);
  const shut: SegmentOption[] = [];
  const exhausted: SegmentOption[] = [];
  let first: ChosenLink | undefined;
  for (const option of slice.options) {
    const ends = endsOf(option, source, collector, request.current);
    if (ends === null) continue;
    if (!isOpen(slice, option, request.current)) {
      shut.push(option);
      continue;
    }
    const choice = slice.segment(option, request.project);
    if ('exhausted' in choice) {
      exhausted.push(option);
      continue;
    }
    const stays = choice.held && goesBy(request.current, option);
    const chosen = chosenLink(option, choice, ends, exhausted.length > 0 && !stays);
    first ??= chosen;
    if (chosen.needs === null && (first === chosen || stays)) return chosen;
  }
  if (first) return first;
  if (exhausted.length > 0)
    return { blocker: because('segments_exhausted', nothingLeft(exhausted)), waitsForSegment: true };
  const blocker =
    shut.length > 0 ? because('segments_unsafe', notSafe(shut)) : noCommonLink(slice, request, source, collector);
  return { blocker, waitsForSegment: false };
}

type ChosenLink = Extract<LinkChoice, { readonly link: Link }>;

function chosenLink(
  option: SegmentOption,
  choice: Extract<SegmentChoice, { readonly id: number }>,
  ends: Ends,
  waitsForSegment: boolean,
): ChosenLink {
  const needs = choice.held ? null : { type: option.type, physnet: physnetOf(option), id: choice.id };
  return { link: linkOf(option, choice.id, ends), needs, mend: choice.mend ?? null, waitsForSegment };
}

/** Whether a flow goes by an option's link already. */
function goesBy(current: Target | undefined, option: SegmentOption): boolean {
  if (option.type === 'vlan') return current?.type === 'vlan' && current.physnet === option.physnet;
  return current?.type === 'vxlan';
}

/** Whether copies may travel by the option: by VLANs of which nobody can tell just now, only those that do already. */
function isOpen(slice: ServiceSlice, option: SegmentOption, current: Target | undefined): boolean {
  if (option.type === 'vxlan') return true;
  const standing = slice.vlans(option);
  return standing === 'open' || (standing === 'kept' && goesBy(current, option));
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
  if (!local || !remote || isSameAddress(local, remote)) return null;
  return isIp6(local) === isIp6(remote) ? { local, remote } : null;
}

function linkOf(option: SegmentOption, id: number, ends: Ends): Link {
  if (option.type === 'vlan') return { type: 'vlan', physnet: option.physnet, vlan: id };
  return { type: 'vxlan', vni: id, local: ends.local, remote: ends.remote };
}

const isIp6 = (address: string): boolean => address.includes(':');

function nothingLeft(exhausted: readonly SegmentOption[]): string {
  return (
    `no id is free for this project of ${exhausted.map(nameOption).join(' or ')}: delete a tap service that is not needed, ` +
    'or ask the operator for more'
  );
}

function notSafe(shut: readonly SegmentOption[]): string {
  return (
    `${shut.map(nameOption).join(' and ')} may not carry copies now, since it is not certain that nobody else is on them; ` +
    'the operator sees why'
  );
}

function noCommonLink(slice: ServiceSlice, request: LinkRequest, source: NodeFacts, collector: NodeFacts): Because {
  const silent = [...(source.known ? [] : [request.source]), ...(collector.known ? [] : [request.collector])];
  const links = slice.options.map((option) =>
    option.type === 'vlan' ? `physnet ${option.physnet}` : 'a tunnel address',
  );
  const { tunnelAddress: one } = source;
  if (one !== null && collector.tunnelAddress !== null && isSameAddress(one, collector.tunnelAddress))
    return because(
      'tunnel_address_conflict',
      `nodes ${request.source} and ${request.collector} both say that their tunnel address is ${one}`,
    );
  const wanted = links.length > 0 ? links.join(' or ') : 'any, since none is configured';
  const odd = [request.source, request.collector].find((node) => slice.node(node).unreadable);
  if (odd !== undefined) return unreadableAgent(odd);
  const silence = silent.length > 0 ? `; the TaaS agent of ${silent.join(' and ')} is not connected to its VPP` : '';
  return because(
    'no_common_network',
    `nodes ${request.source} and ${request.collector} have no common link for copies (${wanted})${silence}`,
  );
}
