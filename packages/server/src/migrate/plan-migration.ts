import { type Direction, type ResourceKind, resourceKinds } from '@taas/model';
import type { OldFlow, OldService, UnreadableTap } from './old-taps.js';

/**
 * Which taps are made of a flow: of what its agent has copied, so that collectors get the same as before, or of what was asked for.
 * They differ, since its agent takes IN for what VPP receives from the VM, and knows no vlan_filter.
 */
export type Meaning = 'copied' | 'asked';
export const meanings = ['copied', 'asked'] as const satisfies readonly Meaning[];

/** A tap of ours to be made, in the attributes of the API. */
export interface WantedTap {
  readonly kind: ResourceKind;
  /** That of the old one. */
  readonly id: string;
  readonly keys: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
  /** What an operator should know of it; empty if nothing. */
  readonly note: string;
}

export interface RefusedTap {
  readonly kind: 'tap_service' | 'tap_flow' | 'tap_mirror';
  readonly id: string;
  readonly keys: readonly string[];
  readonly reason: string;
}

export interface MigrationPlan {
  /** Tap services before the flows that need them. */
  readonly wanted: readonly WantedTap[];
  readonly refused: readonly RefusedTap[];
  /** VLAN ids that the old taps hold, ascending. */
  readonly vlans: readonly number[];
}

type OldTap = OldService | OldFlow;

/** What its agent really copies: it takes IN for SPAN's RX, which is what comes from the VM (taas_vpp_agent.py, `added`). */
export const copiedDirection: Readonly<Record<Direction, Direction>> = { IN: 'OUT', OUT: 'IN', BOTH: 'BOTH' };

/** What becomes of records of networking-vpp's TaaS. Says nothing of ports, roles and quotas, which are for admission. */
export function planMigration(records: readonly (OldTap | UnreadableTap)[], meaning: Meaning): MigrationPlan {
  const refused: RefusedTap[] = [];
  const wanted: WantedTap[] = [];
  for (const each of records)
    if (each.what === 'unreadable')
      refused.push({ kind: each.kind, id: each.id, keys: [each.key], reason: each.reason });
  const contradicted = new Set<string>();
  const taps = new Map<string, { readonly tap: OldTap; readonly keys: string[] }>();
  for (const tap of records) {
    if (tap.what === 'unreadable') continue;
    const name = `${tap.what}/${tap.id}`;
    const known = taps.get(name);
    if (known === undefined) taps.set(name, { tap, keys: [tap.key] });
    else known.keys.push(tap.key);
    if (known !== undefined && !saysTheSame(known.tap, tap)) contradicted.add(name);
  }
  const services = new Map<string, OldService>();
  for (const { tap } of taps.values()) if (tap.what === 'tap_service') services.set(tap.id, tap);
  for (const what of ['tap_service', 'tap_flow'] as const)
    for (const [name, { tap, keys }] of taps) {
      if (tap.what !== what) continue;
      const made = contradicted.has(name)
        ? { reason: 'its records contradict each other' }
        : tap.what === 'tap_service'
          ? wantedService(tap)
          : wantedFlow(tap, services.get(tap.serviceId), meaning);
      if (made === null) continue;
      if ('reason' in made) refused.push({ kind: tap.what, id: tap.id, keys, ...made });
      else wanted.push({ id: tap.id, keys, ...made });
    }
  // That of copies to an address outside is given out too, and used by nobody.
  const held = ({ delivery, taasId }: OldTap) => (delivery === 'ERSPAN_EXT' ? [] : (taasId ?? []));
  const vlans = new Set([...taps.values()].flatMap(({ tap }) => held(tap)));
  const order = ({ kind }: WantedTap) => resourceKinds.indexOf(kind);
  wanted.sort((a, b) => order(a) - order(b) || (a.id < b.id ? -1 : 1));
  return { wanted, refused, vlans: [...vlans].sort((a, b) => a - b) };
}

type Made = Pick<WantedTap, 'kind' | 'attributes' | 'note'>;
type Refusal = Pick<RefusedTap, 'reason'>;

/** Null where nothing of ours is needed. */
function wantedService(tap: OldService): Made | Refusal | null {
  if (tap.delivery === 'ERSPAN_INT') return { reason: erspanToPort };
  // Its flows become tap mirrors, which have no service.
  if (tap.delivery === 'ERSPAN_EXT') return null;
  return { kind: 'tap_services', attributes: { ...named(tap), port_id: tap.portId }, note: '' };
}

function wantedFlow(tap: OldFlow, service: OldService | undefined, meaning: Meaning): Made | Refusal {
  if (service === undefined)
    return { reason: `there is no record of its tap service ${tap.serviceId} that can be read` };
  if (service.delivery !== tap.delivery)
    return { reason: `it is of ${tap.delivery}, and its tap service ${service.id} of ${service.delivery}` };
  if (service.projectId !== tap.projectId) return { reason: `its tap service ${service.id} is another project's` };
  const direction = meaning === 'copied' ? copiedDirection[tap.direction] : tap.direction;
  const vlanFilter = meaning === 'copied' ? null : tap.vlanFilter;
  if (tap.delivery === 'ERSPAN_INT') return { reason: erspanToPort };
  if (tap.delivery === 'Port') {
    const flow = { tap_service_id: tap.serviceId, source_port: tap.sourcePort, direction, vlan_filter: vlanFilter };
    return { kind: 'tap_flows', attributes: { ...named(tap), ...flow }, note: noteOf(tap, direction, vlanFilter) };
  }
  if (tap.sessionId === null) return { reason: 'it has no erspan_session_id' };
  if (vlanFilter !== null) return { reason: 'it has a vlan_filter, which tap mirrors have not' };
  const mirror = { port_id: tap.sourcePort, mirror_type: 'erspanv1', remote_ip: service.remoteIp };
  return {
    kind: 'tap_mirrors',
    attributes: { ...named(tap), ...mirror, directions: { [direction]: tap.sessionId } },
    note: noteOf(tap, direction, vlanFilter),
  };
}

const erspanToPort =
  'it delivers ERSPAN to a port, which TaaS has not: make a tap service for the port, which gets copies as they are';

const named = ({ projectId, name, description }: OldTap) => ({ project_id: projectId, name, description });

function noteOf(tap: OldFlow, direction: Direction, vlanFilter: string | null): string {
  const changes = [
    ...(tap.direction === direction ? [] : [`direction was ${tap.direction}`]),
    ...(tap.vlanFilter === vlanFilter ? [] : [`vlan_filter was ${tap.vlanFilter}`]),
  ];
  return changes.length === 0 ? '' : `${changes.join(', ')}, of which networking-vpp copies this`;
}

/** Whether two records of a tap say the same, wherever they stand. */
function saysTheSame(one: OldTap, other: OldTap): boolean {
  return JSON.stringify({ ...one, key: '' }) === JSON.stringify({ ...other, key: '' });
}
