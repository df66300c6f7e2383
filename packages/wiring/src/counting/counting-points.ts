import type { NodeTapFlow, StageCount, VxlanLink } from '@taas/model';
import { findPort } from '../find-interface.js';
import { legDirections, legId } from '../mirrors/mirror-leg.js';
import { canonicalAddress } from '../node-facts.js';
import { featureBits } from '../objects/layer2-features.js';
import type { SpanState } from '../objects/span.js';
import { vxlanKey } from '../objects/vxlan.js';
import { isUnfiltered, stateOf } from '../services/plan-direct.js';
import type { ActualView } from '../snapshot.js';
import { attachmentKinds, ownTag, parseOwnTag } from '../tags.js';
import type { Wanted } from '../wanted/wanted.js';

export type Direction = StageCount['direction'];

/** A port's frames of which copies go to an interface of ours. */
export interface MirrorPoint {
  readonly from: number;
  readonly to: number;
  /** What is mirrored; never 0. */
  readonly state: SpanState;
  /** Whether the port's counters are of what is mirrored alone: those of a trunk count its subports' frames too. */
  readonly exact: boolean;
}

/** A loopback to which ports are mirrored: VPP counts each copy twice as sent by it, and what it drops as its drops. */
export interface EntryPoint {
  readonly index: number;
  /** Direction of the copies; BOTH where they cannot be told apart. */
  readonly direction: Direction;
  /** The policer on it, with the index that VPP has for it; null: none. */
  readonly policer: { readonly name: string; readonly index: number } | null;
  /** Whether what it drops, beyond what its policer drops, is what its filter did not want. */
  readonly filtered: boolean;
  /** Interfaces of the wire that its copies leave by: what those cannot send counts as dropped by the entry, too. */
  readonly wires: readonly number[];
}

/** The interfaces whose counters tell what became of a tap's copies on this node. */
export interface CountingPoints {
  readonly kind: 'tap_services' | 'tap_flows' | 'tap_mirrors';
  readonly id: string;
  readonly mirrors: readonly MirrorPoint[];
  /** What is asked for of a port and not mirrored now. */
  readonly missing: readonly { readonly from: number; readonly state: SpanState }[];
  readonly entries: readonly EntryPoint[];
  /** Links by which copies leave the node, with the interface that they lie on. */
  readonly out: readonly { readonly index: number; readonly wire: number }[];
  /** Links by which copies come from other nodes. */
  readonly in: readonly number[];
  /** The tunnel by which a server's receipts come; null: there is none. */
  readonly receipts: number | null;
  /** The collector's port, where it is on this node, and the sub-interfaces of it that copies leave by. */
  readonly collector: { readonly port: number; readonly egress: readonly number[]; readonly shared: boolean } | null;
  /** Its copies enter by what other flows enter by, too: what of those is its own, VPP does not count. */
  readonly sharesEntry: boolean;
  /** What an entry does not drop leaves by a tunnel that VPP does not count. */
  readonly leavesUncounted: boolean;
}

/** What of VPP's state says where a tap's copies are counted. */
export interface CountedView {
  readonly interfaces: Pick<ActualView['interfaces'], 'get' | 'has' | 'by' | 'keysBy'>;
  readonly spans: Pick<ActualView['spans'], 'from' | 'to' | 'state'>;
  readonly features: Pick<ActualView['features'], 'get'>;
  readonly policings: Pick<ActualView['policings'], 'get'>;
  readonly vxlans: Pick<ActualView['vxlans'], 'by'>;
}

/** Property by property: there is one of each tap (docs/decisions/0080-no-object-begins-with-a-spread.md). */
function tapPoints(
  kind: CountingPoints['kind'],
  id: string,
  found: Partial<Omit<CountingPoints, 'kind' | 'id'>>,
): CountingPoints {
  return {
    kind,
    id,
    mirrors: found.mirrors ?? [],
    missing: found.missing ?? [],
    entries: found.entries ?? [],
    out: found.out ?? [],
    in: found.in ?? [],
    receipts: found.receipts ?? null,
    collector: found.collector ?? null,
    sharesEntry: found.sharesEntry ?? false,
    leavesUncounted: found.leavesUncounted ?? false,
  };
}

/** The counting points of all taps of a node, as they stand in VPP now; of tombstones too, as long as something of them is there. */
export function* countingPoints(wanted: Wanted, actual: CountedView): Generator<CountingPoints> {
  for (const { kind, id } of countedTaps(wanted)) yield pointsOf[kind](id, wanted, actual);
}

/** All taps that have counting points, in one order. */
export function* countedTaps(wanted: Wanted): Generator<Pick<CountingPoints, 'kind' | 'id'>> {
  for (const { record } of wanted.flows()) yield { kind: 'tap_flows', id: record.id };
  for (const id of wanted.serviceIds()) yield { kind: 'tap_services', id };
  for (const { record } of wanted.mirrors.all()) yield { kind: 'tap_mirrors', id: record.id };
}

/** How one tap's are found. */
export const pointsOf: Readonly<
  Record<CountingPoints['kind'], (id: string, wanted: Wanted, actual: CountedView) => CountingPoints>
> = { tap_flows: flowPoints, tap_services: servicePoints, tap_mirrors: mirrorPoints };

/** A flow's own: its source, and its loopback if it has one. What it shares with other flows is its service's. */
function flowPoints(id: string, wanted: Wanted, actual: CountedView): CountingPoints {
  const record = wanted.flow(id)?.record;
  if (!record) return tapPoints('tap_flows', id, {});
  const own = ownEntries(id, record, actual);
  const mirrors = own.flatMap(({ index }) => mirrorsTo(index, actual));
  if (record.vlan_filter !== null) return tapPoints('tap_flows', id, { mirrors, entries: own });
  const source = findPort(record.source_port, actual).value;
  if (!source) return tapPoints('tap_flows', id, { mirrors, entries: own });
  const itself = mirrors.reduce((all, { from, state }) => (from === source.index ? all | state : all), 0);
  const asked = stateOf[record.direction] & ~itself;
  if (asked === 0) return tapPoints('tap_flows', id, { mirrors, entries: own });
  // Others may copy for it: of flows of a port and a service, each frame is copied once.
  const siblings = wanted.siblingsOf(record);
  const isOfService = (tag: string): boolean => {
    const parsed = parseOwnTag(tag);
    if (!parsed) return false;
    return parsed.kind === 'flow' ? siblings.has(parsed.id) : parsed.id === record.tap_service_id;
  };
  const copied = actual.spans
    .from(source.index)
    .filter(({ to }) => isOfService(actual.interfaces.get(to)?.tag ?? ''))
    .flatMap(({ from, to }) => mirrorAt(from, to, actual))
    .map(({ from, to, state, exact }) => ({ from, to, state: (state & asked) as SpanState, exact }))
    .filter(({ state }) => state !== 0);
  const state = copied.reduce((all, each) => all | each.state, 0);
  const first = copied[0];
  const missing = (record.removed ? 0 : asked & ~state) as SpanState;
  if (first) mirrors.push({ from: first.from, to: first.to, state: state as SpanState, exact: first.exact });
  return tapPoints('tap_flows', id, {
    mirrors,
    missing: missing === 0 ? [] : [{ from: source.index, state: missing }],
    entries: itself === 0 ? [] : own,
    sharesEntry: first !== undefined,
  });
}

/** All that its flows share, and their own loopbacks: all that comes in of the service on this node, and all that goes out. */
function servicePoints(id: string, wanted: Wanted, actual: CountedView): CountingPoints {
  const own = wanted.service(id)?.record;
  const flows = [...wanted.flowsOf(id)].flatMap((flow) => wanted.flow(flow)?.record ?? []);
  const shared = tagged('entry', id, actual).map((index) => entryAt(index, 'BOTH', false, wiresOf(id, actual), actual));
  const entries = [...shared, ...flows.flatMap((record) => ownEntries(record.id, record, actual))];
  const links = (['vlan', 'vxlan'] as const).flatMap((kind) => tagged(kind, id, actual));
  const egress = attachmentKinds
    .filter((kind) => kind === 'collector' || kind === 'unicast')
    .flatMap((kind) => tagged(kind, id, actual));
  // A tombstone's links are what they were for as long as its attachments stand.
  const isHere = (own && !own.removed) || egress.length > 0;
  const out = isHere ? [] : links;
  const receipts = isHere ? receiptTunnel(own?.receipts, links, actual) : null;
  const mirrors = [...entries.map(({ index }) => index), ...out].flatMap((index) => mirrorsTo(index, actual));
  const port = own && findPort(own.port_id, actual).value;
  return tapPoints('tap_services', id, {
    mirrors,
    entries,
    out: out.map((index) => ({ index, wire: actual.interfaces.get(index)?.supIndex ?? index })),
    in: isHere ? links.filter((index) => index !== receipts) : [],
    receipts,
    collector:
      port && egress.length > 0 ? { port: port.index, egress, shared: isShared(port.index, id, actual) } : null,
  });
}

function receiptTunnel(link: VxlanLink | undefined, links: readonly number[], actual: CountedView): number | null {
  if (!link) return null;
  const [local, remote] = [canonicalAddress(link.local), canonicalAddress(link.remote)];
  const [tunnel] = actual.vxlans.by('spec', vxlanKey({ local, remote, vni: link.vni }));
  return tunnel && links.includes(tunnel.index) ? tunnel.index : null;
}

function mirrorPoints(id: string, wanted: Wanted, actual: CountedView): CountingPoints {
  const record = wanted.mirrors.get(id)?.record;
  const entries = legDirections.flatMap((direction) =>
    tagged('mirror', legId(id, direction), actual).map((index) => entryAt(index, direction, false, [], actual)),
  );
  const mirrors = entries.flatMap(({ index }) => mirrorsTo(index, actual));
  const source = record && !record.removed ? findPort(record.port_id, actual).value : undefined;
  if (!record || !source) return tapPoints('tap_mirrors', id, { mirrors, entries, leavesUncounted: true });
  const missing = legDirections.flatMap((direction) => {
    if (record.directions[direction] === undefined) return [];
    const [index] = tagged('mirror', legId(id, direction), actual);
    const now = index === undefined ? 0 : (mirrorAt(source.index, index, actual)[0]?.state ?? 0);
    const state = (stateOf[direction] & ~now) as SpanState;
    return state === 0 ? [] : [{ from: source.index, state }];
  });
  return tapPoints('tap_mirrors', id, { mirrors, entries, missing, leavesUncounted: true });
}

function ownEntries(id: string, record: NodeTapFlow, actual: CountedView): EntryPoint[] {
  const wires = wiresOf(record.tap_service_id, actual);
  const filtered = !isUnfiltered(record);
  return tagged('flow', id, actual).map((index) => entryAt(index, record.direction, filtered, wires, actual));
}

function wiresOf(service: string, actual: CountedView): number[] {
  const egress = (['collector', 'unicast', 'vlan'] as const).flatMap((kind) => tagged(kind, service, actual));
  return [...new Set(egress.map((index) => actual.interfaces.get(index)?.supIndex ?? index))];
}

/** @param asked what should be mirrored to it; what is may be less, where others copy the rest */
function entryAt(
  index: number,
  asked: Direction,
  filtered: boolean,
  wires: readonly number[],
  actual: CountedView,
): EntryPoint {
  const state = mirrorsTo(index, actual).reduce((all, each) => all | each.state, 0);
  const direction = state === 1 ? 'OUT' : state === 2 ? 'IN' : state === 3 ? 'BOTH' : asked;
  return { index, direction, policer: actual.policings.get(index)?.policer ?? null, filtered, wires };
}

function mirrorsTo(index: number, actual: CountedView): MirrorPoint[] {
  return actual.spans.to(index).flatMap(({ from }) => mirrorAt(from, index, actual));
}

/** What is mirrored from one to another, if VPP does what its table says. */
function mirrorAt(from: number, to: number, actual: CountedView): MirrorPoint[] {
  const features = actual.features.get(from);
  if (!features || !actual.interfaces.has(from)) return [];
  const on =
    ((features.input & featureBits.inputSpan) === 0 ? 0 : 1) |
    ((features.output & featureBits.outputSpan) === 0 ? 0 : 2);
  const state = (actual.spans.state(from, to) & on) as SpanState;
  const exact = actual.interfaces.keysBy('parent', from).size === 0;
  return state === 0 ? [] : [{ from, to, state, exact }];
}

/** Whether copies of other services leave by the port, too: what it drops is then not one's. */
function isShared(port: number, service: string, actual: CountedView): boolean {
  return actual.interfaces.by('parent', port).some(({ tag }) => {
    const own = parseOwnTag(tag);
    return own !== null && (own.kind === 'collector' || own.kind === 'unicast') && own.id !== service;
  });
}

function tagged(kind: Parameters<typeof ownTag>[0], id: string, actual: CountedView): number[] {
  return [...actual.interfaces.keysBy('tag', ownTag(kind, id))];
}

/** The interface indices that these points read. */
export function indicesOf(points: CountingPoints): number[] {
  const { mirrors, missing, entries, out, collector } = points;
  return [
    ...mirrors.map(({ from }) => from),
    ...missing.map(({ from }) => from),
    ...entries.flatMap(({ index, wires }) => [index, ...wires]),
    ...out.flatMap(({ index, wire }) => [index, wire]),
    ...points.in,
    ...(points.receipts === null ? [] : [points.receipts]),
    ...(collector ? [collector.port, ...collector.egress] : []),
  ];
}
