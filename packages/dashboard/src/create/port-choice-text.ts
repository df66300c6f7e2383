import type { Port } from '../api/shapes.js';

/** What a port is offered as. */
export const portLabel = ({ id, name, fixed_ips }: Port): string =>
  [name || 'port', ...(fixed_ips ?? []).map(({ ip_address }) => ip_address), id].join(' ');

/** The port that a text names: its id is in it, or it is the only one of that name. */
export function chosenPort(text: string, ports: ReadonlyMap<string, Port>): string | null {
  const id = /[0-9a-f]{8}-[0-9a-f-]{27}/i.exec(text)?.[0]?.toLowerCase();
  if (id !== undefined) return id;
  const named = [...ports.values()].filter(({ name }) => name !== '' && name === text.trim());
  return named.length === 1 ? (named[0]?.id ?? null) : null;
}
