import type { Kind, Port, TapFlow, TapMirror, TapService } from '../api/shapes.js';

/** A tap as a line of the list. */
export interface TapRow {
  readonly kind: Kind;
  readonly id: string;
  readonly name: string;
  readonly project: string;
  /** The copied port; of a tap service the collector's. */
  readonly port: string;
  /** Where copies go: a tap service, or an address outside. */
  readonly destination:
    | { readonly is: 'service'; readonly id: string }
    | { readonly is: 'address'; readonly text: string }
    | null;
  readonly direction: string;
  readonly status: string;
  readonly reason: string;
  readonly code: string;
}

export const serviceRow = (tap: TapService): TapRow => ({
  ...common('tap_service', tap),
  port: tap.port_id,
  destination: null,
  direction: '',
});

export const flowRow = (tap: TapFlow): TapRow => ({
  ...common('tap_flow', tap),
  port: tap.source_port,
  destination: { is: 'service', id: tap.tap_service_id },
  direction: tap.direction,
});

export const mirrorRow = (tap: TapMirror): TapRow => ({
  ...common('tap_mirror', tap),
  port: tap.port_id,
  destination: { is: 'address', text: `${tap.mirror_type} ${tap.remote_ip}` },
  direction: Object.keys(tap.directions).join('+'),
});

function common(
  kind: Kind,
  { id, name, project_id, status, status_reason, status_code }: TapService | TapFlow | TapMirror,
) {
  return { kind, id, name, project: project_id, status, reason: status_reason, code: status_code };
}

export const kindWords: Readonly<Record<Kind, string>> = {
  tap_flow: 'Flow',
  tap_mirror: 'Mirror',
  tap_service: 'Service',
};

/** A name for people: its own, else the beginning of its id. */
export const nameOr = (name: string | undefined, id: string): string => (name ? name : id.slice(0, 8));

export function portName(ports: ReadonlyMap<string, Port>, id: string): string {
  return nameOr(ports.get(id)?.name, id);
}

export interface RowFilter {
  /** Words, all of which must be in the line. */
  readonly text: string;
  readonly kind: Kind | '';
  /** A status; `warned`: ACTIVE with a reason, or not ACTIVE; or a status code. */
  readonly status: string;
}

/** The lines that pass, in their order. */
export function filtered(
  rows: readonly TapRow[],
  filter: RowFilter,
  ports: ReadonlyMap<string, Port>,
): readonly TapRow[] {
  const words = filter.text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return rows.filter((row) => {
    if (filter.kind !== '' && row.kind !== filter.kind) return false;
    if (!hasStatus(row, filter.status)) return false;
    if (words.length === 0) return true;
    const where = row.destination?.is === 'address' ? row.destination.text : (row.destination?.id ?? '');
    const text = [
      row.name,
      row.id,
      row.port,
      ports.get(row.port)?.name ?? '',
      where,
      row.direction,
      row.status,
      row.reason,
    ]
      .join(' ')
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

function hasStatus({ status, reason, code }: TapRow, wanted: string): boolean {
  if (wanted === '') return true;
  if (wanted === 'warned') return status !== 'ACTIVE' || reason !== '';
  return status === wanted || code === wanted;
}
