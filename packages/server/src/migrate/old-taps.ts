import { asLine, type Direction, directions, isIpAddress, root, uuidPattern } from '@taas/model';
import Type, { type Static, type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

/** How networking-vpp's own TaaS delivers copies: to a port, in ERSPAN to a port, or in ERSPAN to an address outside. */
export type Delivery = 'Port' | 'ERSPAN_INT' | 'ERSPAN_EXT';

interface OldCommon {
  /** Where the record stands in etcd's v2 store. */
  readonly key: string;
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly description: string;
  readonly delivery: Delivery;
  /** The VLAN id that copies between nodes have, 1 to 4094; null for a tap service without a port. */
  readonly taasId: number | null;
}

export interface OldService extends OldCommon {
  readonly what: 'tap_service';
  /** Null for ERSPAN to an address outside. */
  readonly portId: string | null;
  /** Null for copies to a port. */
  readonly remoteIp: string | null;
}

export interface OldFlow extends OldCommon {
  readonly what: 'tap_flow';
  readonly serviceId: string;
  readonly sourcePort: string;
  /** As it was asked for. Its agent copies the other one: see {@link copiedDirection}. */
  readonly direction: Direction;
  /** As it was asked for. Its agent copies everything. */
  readonly vlanFilter: string | null;
  readonly sessionId: number | null;
}

/** A record that cannot be acted on. `id` is what its key ends with. */
export interface UnreadableTap {
  readonly what: 'unreadable';
  readonly key: string;
  readonly id: string;
  readonly kind: 'tap_service' | 'tap_flow';
  readonly reason: string;
}

/** Directories of etcd's v2 store below which networking-vpp's driver keeps what it asks of its TaaS agents. */
export const oldDirectories = [`${root}/nodes`, `${root}/global/taas_service`] as const;

const Uuid = Type.String({ pattern: uuidPattern });
const Text = Type.Optional(Type.Union([Type.String(), Type.Null()]));
const Delivered = Type.Optional(Type.Enum(['Port', 'ERSPAN_INT', 'ERSPAN_EXT']));
/** An attribute of a fork of neutron-taas, in which nobody has set it where it is empty. */
const Session = Type.Optional(Type.Union([Type.Integer(), Type.String({ maxLength: 16 }), Type.Null()]));
const TaasId = Type.Optional(Type.Integer({ minimum: 1, maximum: 0xffffff }));
const owned = { id: Uuid, project_id: Text, tenant_id: Text, name: Text, description: Text };

/** What taas_vpp.py writes, as far as it is needed: the driver's message, in which Neutron's own dictionary stands. */
const serviceValue = reader(
  Type.Object({
    tap_service: Type.Object({ ...owned, port_id: Type.Union([Uuid, Type.Literal('')]), erspan_dst_ip: Text }),
    taas_id: TaasId,
    dest_type: Delivered,
  }),
);
const flowValue = reader(
  Type.Object({
    tap_flow: Type.Object({
      ...owned,
      ...{ tap_service_id: Uuid, source_port: Uuid, direction: Type.Enum([...directions]), vlan_filter: Text },
      erspan_session_id: Session,
    }),
    taas_id: TaasId,
    dest_type: Delivered,
  }),
);

/** Why a record cannot be read; said of its key. */
class OldTapError extends Error {
  override readonly name = 'OldTapError';
}

/**
 * Reads a record of networking-vpp's TaaS, as its driver (20.09, networking_vpp/taas_vpp.py) writes it for an agent:
 * `nodes/<node>/taas_service/<id>`, `nodes/<node>/taas_flow/<id>` (on the source's and the collector's node), and without a port
 * `global/taas_service/<id>`.
 * @returns null for any other key
 */
export function readOldTap(key: string, text: string): OldService | OldFlow | UnreadableTap | null {
  const found = /^(?:nodes\/[^/]+\/(taas_service|taas_flow)|global\/(taas_service))\/([^/]+)$/.exec(
    key.slice(root.length + 1),
  );
  if (!key.startsWith(`${root}/`) || !found) return null;
  const [, onNode, everywhere, id = ''] = found;
  const isFlow = (onNode ?? everywhere) === 'taas_flow';
  try {
    const tap = isFlow ? readFlow(key, text) : readService(key, text);
    if (tap.id !== id) throw new OldTapError(`it is of ${tap.id}, not of ${id}`);
    return tap;
  } catch (error) {
    if (!(error instanceof OldTapError)) throw error;
    return { what: 'unreadable', key, id, kind: isFlow ? 'tap_flow' : 'tap_service', reason: error.message };
  }
}

function readService(key: string, text: string): OldService {
  const value = serviceValue(text);
  const { tap_service: tap } = value;
  const remoteIp = tap.erspan_dst_ip || null;
  if (remoteIp !== null && !isIpAddress(remoteIp)) throw new OldTapError('erspan_dst_ip is no IP address');
  const portId = tap.port_id === '' ? null : tap.port_id;
  const delivery = deliveryOf(portId, remoteIp);
  if (value.dest_type !== undefined && value.dest_type !== delivery)
    throw new OldTapError(`dest_type is ${value.dest_type}, and its port and address are those of ${delivery}`);
  if (portId === null && remoteIp === null) throw new OldTapError('it has neither a port nor an address');
  return { what: 'tap_service', ...common(key, tap), taasId: value.taas_id ?? null, portId, remoteIp, delivery };
}

function readFlow(key: string, text: string): OldFlow {
  const value = flowValue(text);
  const { tap_flow: tap } = value;
  const session = tap.erspan_session_id ?? '';
  const sessionId = session === '' ? null : Number(session);
  if (sessionId !== null && !Number.isInteger(sessionId)) throw new OldTapError('erspan_session_id is no number');
  return {
    what: 'tap_flow',
    ...common(key, tap),
    taasId: value.taas_id ?? null,
    delivery: value.dest_type ?? 'Port',
    ...{ serviceId: tap.tap_service_id, sourcePort: tap.source_port, direction: tap.direction },
    ...{ vlanFilter: tap.vlan_filter || null, sessionId },
  };
}

/** As the driver tells them apart. */
function deliveryOf(portId: string | null, remoteIp: string | null): Delivery {
  if (portId === null) return 'ERSPAN_EXT';
  return remoteIp === null ? 'Port' : 'ERSPAN_INT';
}

interface Owned {
  readonly id: string;
  readonly project_id?: string | null | undefined;
  readonly tenant_id?: string | null | undefined;
  readonly name?: string | null | undefined;
  readonly description?: string | null | undefined;
}

function common(key: string, { id, project_id, tenant_id, name, description }: Owned) {
  const projectId = project_id || tenant_id || '';
  if (projectId === '') throw new OldTapError('it names no project');
  if (tenant_id && tenant_id !== projectId) throw new OldTapError('project_id and tenant_id differ');
  return { key, id, projectId, name: name ?? '', description: description ?? '' };
}

/** @throws OldTapError from what it returns */
function reader<S extends TSchema>(schema: S): (text: string) => Static<S> {
  const validator = Compile(schema);
  return (text) => {
    const value = parsedJson(text);
    if (validator.Check(value)) return value as Static<S>;
    if (typeof value === 'object' && value !== null && 'jwt' in value)
      throw new OldTapError("it is signed (jwt_signing), and so not even networking-vpp's TaaS agent can read it");
    const [first] = validator.Errors(value);
    throw new OldTapError(
      first ? asLine(`${first.instancePath || 'it'} ${first.message}`, 200) : 'it has another form',
    );
  };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new OldTapError('it is not JSON');
  }
}
