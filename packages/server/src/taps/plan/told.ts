import {
  type Link,
  mirrorTransports,
  type NodeTapFlow,
  type NodeTapMirror,
  type NodeTapService,
  nodeTapFlowCodec,
  nodeTapMirrorCodec,
  nodeTapServiceCodec,
} from '@taas/model';
import { toldOptions } from '../tap-flow/flow-options.js';
import type { NodeChange } from './compiled-change.js';

/**
 * What a node is told by a change, in sentences.
 * @param detailed with segments, physical networks and tunnel addresses: those are the operator's, and for administrators alone
 */
export function told({ kind, value, before, change, node }: NodeChange, detailed: boolean): readonly string[] {
  const read = <T>(parse: (key: string, value: string) => T): { now: T; was: T | null } => ({
    now: parse(node, value),
    was: before === null || change === 'remove' ? null : parse(node, before),
  });
  switch (kind) {
    case 'tap_flows':
      return change === 'remove'
        ? [`stop copying port ${read(nodeTapFlowCodec.parse).now.source_port}`]
        : flow(read(nodeTapFlowCodec.parse).now, detailed);
    case 'tap_mirrors':
      return change === 'remove'
        ? [`stop copying port ${read(nodeTapMirrorCodec.parse).now.port_id}`]
        : mirror(read(nodeTapMirrorCodec.parse).now, detailed);
    case 'tap_services': {
      const { now, was } = read(nodeTapServiceCodec.parse);
      return change === 'remove' ? [`hand no more copies to port ${now.port_id}`] : service(now, was, detailed);
    }
  }
}

const directions = (direction: NodeTapFlow['direction']) => (direction === 'BOTH' ? 'IN and OUT' : direction);

function flow(record: NodeTapFlow, detailed: boolean): string[] {
  const { source_port, direction, target, vlan_filter, filter } = record;
  const towards =
    target.type === 'local' ? 'the collector on this node' : `the collector's node over ${linkText(target, detailed)}`;
  return [
    `copy port ${source_port}, ${directions(direction)}, to ${towards}`,
    ...(vlan_filter === null ? [] : [`of it only VLANs ${vlan_filter}`]),
    ...(filter.length === 0 ? [] : [`of it only what ${filter.length} filter rules accept`]),
    ...toldOptions(record),
  ];
}

function linkText(link: Link, detailed: boolean): string {
  if (link.type === 'vlan') return detailed ? `VLAN ${link.vlan} of physnet ${link.physnet}` : 'VLAN';
  return detailed ? `VXLAN ${link.vni} from ${link.local} to ${link.remote}` : 'VXLAN';
}

function mirror({ port_id, mirror_type, local, remote, directions: ids }: NodeTapMirror, detailed: boolean): string[] {
  const { idName } = mirrorTransports[mirror_type];
  const each = Object.entries(ids).map(([direction, id]) => `${direction} with ${idName} ${id}`);
  return [`copy port ${port_id}, ${each.join(', ')}, to ${remote}${detailed ? ` from ${local}` : ''}`];
}

function service(now: NodeTapService, was: NodeTapService | null, detailed: boolean): string[] {
  const texts = (record: NodeTapService | null) => new Set(record?.inputs.map((input) => JSON.stringify(input)));
  const [before, after] = [texts(was), texts(now)];
  const come = now.inputs.filter((input) => !before.has(JSON.stringify(input)));
  const go = (was?.inputs ?? []).filter((input) => !after.has(JSON.stringify(input)));
  return [
    ...(was === null ? [`hand copies to port ${now.port_id}`] : []),
    ...grouped('take copies in over', come, detailed),
    ...grouped('take no more copies in over', go, detailed),
    ...toldReceipts(now, was),
  ];
}

function toldReceipts(now: NodeTapService, was: NodeTapService | null): string[] {
  if (now.receipts && !was?.receipts) return ['take receipts in from the server that sends them'];
  return !now.receipts && was?.receipts ? ['take no more receipts in'] : [];
}

/** Links are many where a collector has many sources: told apart for administrators, up to so many. */
const maxLinks = 16;

function grouped(what: string, links: readonly Link[], detailed: boolean): string[] {
  const texts = [...new Set(links.map((link) => `${what} ${linkText(link, detailed)}`))];
  const rest = texts.length - maxLinks;
  return rest > 0 ? [...texts.slice(0, maxLinks), `${what} ${rest} links more`] : texts;
}
