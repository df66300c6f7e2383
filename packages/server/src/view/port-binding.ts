import { mostMtu, RecordError } from '@taas/model';
import type { BindingKey, Bound } from './bound-ports.js';
import type { PortBinding } from './entry.js';

/** As Neutron's columns. */
const longestId = 255;
/** A trunk has one for a VLAN. */
const mostSubports = 4094;
/** A trunk with all of them is far below. */
const longestValue = 1_572_864;

/** What such a key's value says: of a trunk, its subports. */
export interface PortsBound {
  readonly ports: readonly string[];
  readonly binding: PortBinding;
}

/**
 * Reads networking-vpp's record of a port (mac_address, physnet, network_type, ...), of which only `mtu` matters here, and
 * `project_id`, an addition that networking-vpp itself does not write; or of a trunk (`sub_ports`, each with its `port_id`).
 * Source: networking-vpp's agent/server.py, PortWatcher and TrunkWatcher.
 * @throws RecordError when the value is not as networking-vpp writes it
 */
export function parsePortsBound(at: BindingKey, key: string, value: string): PortsBound {
  const json = parseObject(key, value);
  if (at.is === 'bound-trunk') return { ports: subportsOf(key, json), binding: { projectId: null, mtu: null } };
  const { project_id: project, mtu } = json;
  const binding = {
    projectId: typeof project === 'string' && project !== '' && project.length <= longestId ? project : null,
    mtu: typeof mtu === 'number' && Number.isInteger(mtu) && mtu > 0 && mtu <= mostMtu ? mtu : null,
  };
  return { ports: [at.port], binding };
}

/** @param said null if the value is malformed: which subports a trunk has nobody knows then */
export function boundBy({ is, node, port }: BindingKey, written: number, said: PortsBound | null): Bound {
  const { ports, binding } = said ?? { ports: is === 'bound-port' ? [port] : [], binding: null };
  return { node, written, ports, binding };
}

function parseObject(key: string, value: string): Readonly<Record<string, unknown>> {
  if (value.length > longestValue) throw new RecordError(key, `is longer than ${longestValue} characters`);
  let json: unknown;
  try {
    json = JSON.parse(value);
  } catch (cause) {
    throw new RecordError(key, 'is not JSON', { cause });
  }
  if (!isObject(json)) throw new RecordError(key, 'is not a JSON object');
  return json;
}

function subportsOf(key: string, { sub_ports: subports }: Readonly<Record<string, unknown>>): string[] {
  if (!Array.isArray(subports)) throw new RecordError(key, '/sub_ports is not a list');
  if (subports.length > mostSubports) throw new RecordError(key, `/sub_ports has more than ${mostSubports} entries`);
  return subports.map((subport: unknown, index) => {
    const port = isObject(subport) ? subport['port_id'] : undefined;
    if (typeof port !== 'string' || port === '' || port.length > longestId)
      throw new RecordError(key, `/sub_ports/${index}/port_id is not an id`);
    return port;
  });
}

const isObject = (json: unknown): json is Readonly<Record<string, unknown>> =>
  typeof json === 'object' && json !== null && !Array.isArray(json);
