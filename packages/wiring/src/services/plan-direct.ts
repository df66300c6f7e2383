import type { NodeTapFlow } from '@taas/model';
import { findPort, portOf } from '../find-interface.js';
import type { NodeFacts } from '../node-facts.js';
import type { ActualInterface } from '../objects/interface.js';
import type { SpanState } from '../objects/span.js';
import type { Planning } from '../plan/planning.js';
import type { ActualView } from '../snapshot.js';
import type { Ref, Step } from '../steps.js';
import { mirrorDestinationKinds, ownTag, parseOwnTag } from '../tags.js';
import type { Wanted, WantedFlow } from '../wanted/wanted.js';
import { exitBlocker, type ServiceExit } from './service-exit.js';

/** IN is towards the VM: what VPP transmits on the port's interface. */
export const stateOf = { OUT: 1, IN: 2, BOTH: 3 } as const;

/** Whether a flow asks for all that its source has in its direction. */
export function isUnfiltered({ vlan_filter, filter }: NodeTapFlow): boolean {
  return vlan_filter === null && filter.length === 0;
}

/** Whether a flow needs no loopback of its own: its copies enter its service as they are. */
export function goesDirect(record: NodeTapFlow, { policedKbps }: NodeFacts): boolean {
  return policedKbps === null && isUnfiltered(record) && record.accounting === undefined;
}

/** Tags of the interfaces to which a flow's source may be mirrored for it. */
export function spanDestinationTags(record: NodeTapFlow, facts: NodeFacts): readonly string[] {
  if (!goesDirect(record, facts)) return [ownTag('flow', record.id)];
  return mirrorDestinationKinds.map((kind) => ownTag(kind, record.tap_service_id));
}

export const mirrorKey = (service: string, port: string): string => `mirror:${service}/${port}`;

/** What the mirror from a source to its service's mirror destination is to become. */
export interface DirectMirror {
  readonly key: string;
  readonly source: number;
  /** Nothing more is copied than was before: it can go first, and no packet is copied twice. */
  readonly lessens: boolean;
  readonly steps: readonly Step[];
}

/** One mirror carries all direct flows of a source and service, so that each packet is copied once. */
export function planDirect(
  { wanted, actual, facts }: Planning,
  service: string,
  port: string,
  exit: ServiceExit,
  mirrorDestination: Ref,
): DirectMirror | null {
  const source = findPort(port, actual).value;
  if (!source) return null;
  const isDirect = ({ record }: WantedFlow) => goesDirect(record, facts);
  const connected = Boolean(actual.features.get(source.index));
  const state = connected
    ? directState(wanted, service, port, (flow) => isDirect(flow) && exitBlocker(flow, exit) === null)
    : 0;
  const before = 'index' in mirrorDestination ? actual.spans.state(source.index, mirrorDestination.index) : 0;
  if (state === before) return null;
  return {
    key: mirrorKey(service, port),
    source: source.index,
    lessens: (state & ~before) === 0,
    steps: [
      { kind: 'check-port', port, index: source.index },
      { kind: 'set-span', from: source.index, to: mirrorDestination, state, before },
    ],
  };
}

/** Whether {@link planDirect} decides about a mirror: some flow, if only one of the past, goes from that port to that service. */
export function mayBeDirect(wanted: Wanted, actual: ActualView, from: number, to: ActualInterface): boolean {
  const own = parseOwnTag(to.tag);
  // With the collector here, the links of its service are ways in.
  const mirrorDestination =
    own?.kind === 'entry' || ((own?.kind === 'vlan' || own?.kind === 'vxlan') && !isHere(wanted, own.id));
  if (!own || !mirrorDestination) return false;
  const entry = actual.interfaces.get(from);
  const port = entry && portOf(entry);
  if (!port || findPort(port, actual).value?.index !== from) return false;
  return wanted.siblingsOf({ tap_service_id: own.id, source_port: port }).size > 0;
}

function isHere(wanted: Wanted, service: string): boolean {
  const own = wanted.service(service);
  return own !== undefined && !own.record.removed;
}

/** What is copied by the direct flows, those among them whose record has become unreadable as they were last. */
function directState(wanted: Wanted, service: string, port: string, counts: (flow: WantedFlow) => boolean): SpanState {
  let state = 0;
  for (const id of wanted.siblingsOf({ tap_service_id: service, source_port: port })) {
    const flow = wanted.lastKnown(id);
    if (flow && !flow.record.removed && counts(flow)) state |= stateOf[flow.record.direction];
  }
  return state as SpanState;
}
