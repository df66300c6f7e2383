import type { Capture } from '../api/shapes.js';

export interface Look {
  readonly at: number;
  readonly delivered: number;
}

/** Packets a second since the look before; null for the first one. */
export function rateOf(before: Look | undefined, now: Look): number | null {
  if (before === undefined || now.at <= before.at || now.delivered < before.delivered) return null;
  return ((now.delivered - before.delivered) * 1000) / (now.at - before.at);
}

/** The rates of all captures, and what the next ones are worked out from. */
export function ratesOf(
  captures: readonly Capture[],
  before: ReadonlyMap<string, Look>,
  at: number,
): { readonly rates: ReadonlyMap<string, number | null>; readonly looks: ReadonlyMap<string, Look> } {
  const looks = new Map(captures.map(({ id, counted }) => [id, { at, delivered: counted.delivered }]));
  const rates = new Map([...looks].map(([id, look]) => [id, rateOf(before.get(id), look)]));
  return { rates, looks };
}

/** The command that does the same at a terminal, for Wireshark. */
export function commandOf({
  source_ports: ports,
  direction,
  bpf,
  seconds,
}: Pick<Capture, 'source_ports' | 'direction' | 'bpf' | 'seconds'>): string {
  const more = [
    ...(direction === 'BOTH' ? [] : ['--direction', direction.toLowerCase()]),
    ...(bpf === null || bpf === '' ? [] : ['--bpf', quoted(bpf)]),
    ...(seconds === 60 ? [] : ['--seconds', String(seconds)]),
  ];
  return ['taas', 'capture', ...ports, ...more, '| wireshark -k -i -'].join(' ');
}

/** One word for a shell, whatever is in it. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Of the file. */
export const fileName = ({ id, name }: Pick<Capture, 'id' | 'name'>): string =>
  `${(name === '' ? `capture-${id.slice(0, 8)}` : name).replace(/[^\w.-]+/g, '_').slice(0, 60)}.pcapng`;

export const streamPath = (id: string): string => `api/v2.0/taas/captures/${encodeURIComponent(id)}/stream`;
