import { adviceFor } from '../advice/status-advice.js';
import { type Tap, textOf } from '../api/kinds.js';
import { filterVerdict, vlanVerdict } from './filter-verdict.js';
import { isWithin } from './ip-prefix.js';
import type { Packet } from './packet.js';

/** `stops`: the packet, or its copy, goes no further. `depends`: the API's records do not decide it. */
export type Outcome = 'passes' | 'stops' | 'depends';

export interface Hop {
  readonly at: string;
  readonly outcome: Outcome;
  readonly says: string;
}

/** What Neutron says of a port, as far as the caller may see it. */
export interface PortFacts {
  readonly id: string;
  readonly name: string | null;
  readonly host: string | null;
  readonly addresses: readonly string[];
}

export interface TraceFacts {
  readonly tap: Tap;
  /** Of a flow; null if it cannot be seen. */
  readonly service: Tap | null;
  readonly source: PortFacts;
  readonly collector: PortFacts | null;
}

/** Where a packet of the source port would go, stage by stage, by the API's records. Without a packet: where packets may go. */
export function pathOf({ tap, service, source, collector }: TraceFacts, packet: Packet | null): Hop[] {
  const hops: Hop[] = [{ at: 'source port', outcome: 'passes', says: portText(source) }];
  const add = (at: string, outcome: Outcome, says: string) => void hops.push({ at, outcome, says });
  hops.push(
    tap.kind === 'mirror' ? mirrorDirection(tap, source, packet) : direction(textOf(tap, 'direction'), source, packet),
  );
  if (tap.kind === 'flow') {
    if (packet === null) {
      const vlan = textOf(tap, 'vlan_filter');
      if (vlan !== '') add('VLAN filter', 'depends', `vlan_filter is ${vlan}`);
      const rules = rulesOf(tap);
      if (rules.length > 0) add('filter', 'depends', `${rules.length} rules; --packet tells which decides`);
    } else {
      for (const [at, { is, because }] of [
        ['VLAN filter', vlanVerdict(tap.attributes['vlan_filter'], packet)],
        ['filter', filterVerdict(rulesOf(tap), packet)],
      ] as const)
        add(at, is === 'copied' ? 'passes' : is === 'undecided' ? 'depends' : 'stops', because);
    }
  }
  hops.push(standing('tap', tap));
  if (tap.kind === 'mirror') {
    add(
      'tunnel',
      'passes',
      `${textOf(tap, 'mirror_type')} to ${textOf(tap, 'remote_ip')}, ids ${textOf(tap, 'directions')}`,
    );
    return cut(hops);
  }
  if (service === null) add('tap service', 'depends', `${textOf(tap, 'tap_service_id')} cannot be seen`);
  else hops.push(standing('tap service', service));
  const sameNode = source.host === null || collector?.host == null ? null : source.host === collector.host;
  if (sameNode !== null)
    add(
      'link',
      'passes',
      sameNode ? `within node ${source.host}` : `from node ${source.host} to node ${collector?.host}`,
    );
  if (collector !== null) add('collector', 'passes', portText(collector));
  return cut(hops);
}

/** What comes behind a stop is not reached. */
function cut(hops: readonly Hop[]): Hop[] {
  const at = hops.findIndex(({ outcome }) => outcome === 'stops');
  return at < 0 ? [...hops] : hops.slice(0, at + 1);
}

const rulesOf = (tap: Tap): readonly unknown[] => {
  const rules = tap.attributes['filter_rules'];
  return Array.isArray(rules) ? rules : [];
};

/** IN is towards the VM, OUT is from it; by the addresses of the port, where Neutron tells them. */
export function packetDirection({ addresses }: PortFacts, packet: Packet): 'IN' | 'OUT' | null {
  const { ip } = packet;
  if (ip === null || addresses.length === 0) return null;
  const own = (address: string) => addresses.some((each) => isWithin(address, each) === true);
  if (own(ip.source) === own(ip.destination)) return null;
  return own(ip.source) ? 'OUT' : 'IN';
}

function direction(wanted: string, source: PortFacts, packet: Packet | null): Hop {
  const at = 'direction';
  if (wanted === 'BOTH') return { at, outcome: 'passes', says: 'BOTH: what the VM sends and what it receives' };
  const says = wanted === 'IN' ? 'IN: what the VM receives' : `${wanted}: what the VM sends`;
  const own = packet === null ? null : packetDirection(source, packet);
  if (own === null) return { at, outcome: 'depends', says };
  return own === wanted
    ? { at, outcome: 'passes', says }
    : { at, outcome: 'stops', says: `${says}, and this packet goes ${own}` };
}

function mirrorDirection(tap: Tap, source: PortFacts, packet: Packet | null): Hop {
  const given = Object.keys((tap.attributes['directions'] as object | null) ?? {});
  if (given.includes('BOTH') || (given.includes('IN') && given.includes('OUT')))
    return direction('BOTH', source, packet);
  return direction(given[0] ?? '', source, packet);
}

function standing(at: string, tap: Tap): Hop {
  const [status, code, reason] = [textOf(tap, 'status'), textOf(tap, 'status_code'), textOf(tap, 'status_reason')];
  if (status === 'ACTIVE')
    return { at, outcome: 'passes', says: code === 'ok' || code === '' ? 'ACTIVE' : `ACTIVE, ${code}: ${reason}` };
  const says = `${[status, code, reason].filter((text) => text !== '').join(', ')}; ${adviceFor(code).mend}`;
  // A tap that is silent, or on its way out, may go on copying.
  const mayCopy = status === 'DOWN' || status === 'PENDING_DELETE';
  return { at, outcome: mayCopy ? 'depends' : 'stops', says };
}

function portText({ id, name, host }: PortFacts): string {
  return `${id}${name ? ` (${name})` : ''}${host === null ? '' : ` on node ${host}`}`;
}
