import type { Port } from '../api/shapes.js';
import { nameOr, type TapRow } from '../taps/tap-row.js';

/** A box of a column. */
export interface Group {
  readonly key: string;
  readonly label: string;
  readonly taps: number;
  /** Of which are ACTIVE. */
  readonly active: number;
}

/** Taps that go from one box to another. */
export interface Flow {
  readonly from: string;
  readonly to: string;
  readonly taps: number;
  readonly active: number;
}

export interface Topology {
  readonly sources: readonly Group[];
  readonly transports: readonly Group[];
  readonly collectors: readonly Group[];
  readonly flows: readonly Flow[];
  /** Boxes that are not shown one by one. */
  readonly folded: number;
}

/** Boxes of a column; what is beyond is one box more. */
export const mostGroups = 24;
const rest = 'rest';

interface Ends {
  readonly source: { readonly key: string; readonly label: string };
  readonly transport: { readonly key: string; readonly label: string };
  readonly collector: { readonly key: string; readonly label: string };
}

/**
 * Where copies come from and go to, in three columns: nodes (where Neutron shows them, else networks), the transport between, collectors. By
 * name, so that what is there stays where it is.
 */
export function topologyOf(
  rows: readonly TapRow[],
  services: ReadonlyMap<string, { readonly id: string; readonly name: string; readonly port_id: string }>,
  ports: ReadonlyMap<string, Port>,
): Topology {
  const all = rows.flatMap((row) => {
    const ends = endsOf(row, services, ports);
    return ends === null ? [] : [{ row, ends }];
  });
  const column = (end: keyof Ends) => grouped(all.map(({ row, ends }) => ({ row, ...ends[end] })));
  const [sources, transports, collectors] = [column('source'), column('transport'), column('collector')];
  const flows = new Map<string, Flow>();
  const add = (from: string, to: string, row: TapRow) => {
    const key = JSON.stringify([from, to]);
    const known = flows.get(key) ?? { from, to, taps: 0, active: 0 };
    flows.set(key, { from, to, taps: known.taps + 1, active: known.active + (isActive(row) ? 1 : 0) });
  };
  for (const { row, ends } of all) {
    const at = {
      source: sources.of(ends.source.key),
      transport: transports.of(ends.transport.key),
      collector: collectors.of(ends.collector.key),
    };
    add(at.source, at.transport, row);
    add(at.transport, at.collector, row);
  }
  const folded = sources.folded + transports.folded + collectors.folded;
  return {
    sources: sources.shown,
    transports: transports.shown,
    collectors: collectors.shown,
    flows: [...flows.values()],
    folded,
  };
}

function endsOf(
  row: TapRow,
  services: ReadonlyMap<string, { readonly id: string; readonly name: string; readonly port_id: string }>,
  ports: ReadonlyMap<string, Port>,
): Ends | null {
  if (row.destination === null) return null;
  const source = placeOf(ports.get(row.port));
  if (row.destination.is === 'address') {
    const [type = ''] = row.destination.text.split(' ');
    return {
      source,
      transport: { key: `transport ${type}`, label: type },
      collector: { key: `to ${row.destination.text}`, label: row.destination.text },
    };
  }
  const service = services.get(row.destination.id);
  const there = ports.get(service?.port_id ?? '')?.['binding:host_id'];
  const here = ports.get(row.port)?.['binding:host_id'];
  const transport = !there || !here ? 'to a tap service' : there === here ? 'within a node' : 'between nodes';
  const collector = { key: `to ${row.destination.id}`, label: nameOr(service?.name, row.destination.id) };
  return { source, transport: { key: `transport ${transport}`, label: transport }, collector };
}

function placeOf(port: Port | undefined): { readonly key: string; readonly label: string } {
  const host = port?.['binding:host_id'];
  if (host) return { key: `node ${host}`, label: host };
  if (port) return { key: `network ${port.network_id}`, label: `network ${port.network_id.slice(0, 8)}` };
  return { key: 'elsewhere', label: 'ports not shown to you' };
}

const isActive = ({ status }: TapRow): boolean => status === 'ACTIVE';

function grouped(items: readonly { readonly row: TapRow; readonly key: string; readonly label: string }[]) {
  const groups = new Map<string, Group>();
  for (const { row, key, label } of items) {
    const known = groups.get(key) ?? { key, label, taps: 0, active: 0 };
    groups.set(key, { ...known, taps: known.taps + 1, active: known.active + (isActive(row) ? 1 : 0) });
  }
  const byName = [...groups.values()].sort((a, b) => (a.label < b.label ? -1 : a.label > b.label ? 1 : 0));
  if (byName.length <= mostGroups) return { shown: byName, folded: 0, of: (key: string) => key };
  const largest = new Set([...byName].sort((a, b) => b.taps - a.taps).slice(0, mostGroups - 1));
  const others = byName.filter((group) => !largest.has(group));
  const sum = others.reduce((all, { taps, active }) => ({ taps: all.taps + taps, active: all.active + active }), {
    taps: 0,
    active: 0,
  });
  const shown = [
    ...byName.filter((group) => largest.has(group)),
    { key: rest, label: `${others.length} more`, ...sum },
  ];
  const kept = new Set(shown.map(({ key }) => key));
  return { shown, folded: others.length, of: (key: string) => (kept.has(key) ? key : rest) };
}
