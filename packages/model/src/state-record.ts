import Type, { type Static } from 'typebox';
import { AgentFacts } from './agent-facts.js';
import { integer, Line, Name, TunnelAddress, Word } from './field-types.js';
import { uuidPattern } from './identifiers.js';

/**
 * `state/<node>/taas/<kind>/<id>`: how a tap stands on a node. Written by the agent when it changes.
 * - `ACTIVE`: asked for, and VPP's own state read back agrees.
 * - `PENDING`: waits for something that is not ours to make (the port, its bridge domain, the uplink).
 * - `DOWN`: it was ACTIVE, and somebody undid part of it in VPP, which is being mended, or nothing is copied all the same.
 * - `ERROR`: tried and failed; the agent goes on trying.
 * - `REMOVED`: nothing of it is left in VPP (answer to a tombstone).
 */
export const TapState = Type.Object({
  v: Type.Literal(1),
  id: Type.String({ pattern: uuidPattern }),
  /** etcd's mod revision of the wanted record that this state is about. */
  revision: integer(0),
  status: Type.Enum(['ACTIVE', 'PENDING', 'DOWN', 'ERROR', 'REMOVED']),
  /** For the tenant: what is missing or wrong; when ACTIVE, empty or a warning; empty when REMOVED. */
  reason: Line,
  /**
   * For programs: why, as a code of {@link statusCodes}; of an agent that is newer than its reader it may be one that the reader
   * does not know. Absent in what agents wrote before there were codes.
   */
  status_code: Type.Optional(Word),
  /**
   * Of a tap that is REMOVED: its last figures are `told` in a record with `final`, or there are `none`, since nothing of it was ever
   * counted here. Absent: what was counted may be lost.
   */
  figures: Type.Optional(Type.Enum(['told', 'none'])),
});
export type TapState = Static<typeof TapState>;
export type TapStateStatus = TapState['status'];

/** Whether a node that says so has the tap: also one where somebody undid part of it, since it is mended there. */
export function isInPlace(status: TapStateStatus | undefined): boolean {
  return status === 'ACTIVE' || status === 'DOWN';
}

/** `state/<node>/taas/agent`, under a lease: the agent lives, and this is what its node can do. */
export const AgentRecord = Type.Object({
  v: Type.Literal(1),
  node: Name,
  agent_version: Word,
  /** VPP's version, or null while the agent is not connected to it. */
  vpp_version: Type.Union([Word, Type.Null()]),
  /** Local address of VXLAN tunnels and of tap mirrors, or null if the node has none. */
  tunnel_address: Type.Union([TunnelAddress, Type.Null()]),
  /** Physical networks whose uplink the agent has found in VPP. */
  physnets: Type.Array(Name, { maxItems: 1024 }),
  /**
   * Those of them whose uplink VPP has in layer 2 (in a bridge domain, or cross-connected), where it takes every tag for which it
   * has no sub-interface. Absent: nobody has looked, and then it may be all of them.
   */
  layer2_physnets: Type.Optional(Type.Array(Name, { maxItems: 1024 })),
  capabilities: Type.Array(Word, { maxItems: 128 }),
  /** Absent: of an agent of before it told them. */
  facts: Type.Optional(AgentFacts),
  /** The newest format of records that the agent reads; see {@link commonFormat}. */
  reads: Type.Optional(integer(1)),
});
export type AgentRecord = Static<typeof AgentRecord>;

/** `taas/servers/<name>`, under a lease: a server is there, and this is the newest format of records that it reads. */
export const ServerRecord = Type.Object({
  v: Type.Literal(1),
  server_version: Word,
  reads: Type.Optional(integer(1)),
});
export type ServerRecord = Static<typeof ServerRecord>;

/** The physnets whose uplink is in layer 2 on a node, or may be. */
export function physnetsInLayer2({ physnets, layer2_physnets }: AgentRecord): readonly string[] {
  return layer2_physnets ?? physnets;
}

/** The capability of an agent that writes heartbeats: of one without it the lease alone says whether it lives. */
export const heartbeatCapability = 'heartbeat';

/**
 * `state/<node>/taas/heartbeat`, under the agent's lease: written anew every `period_ms`. Anybody may keep a lease of etcd's
 * alive, but only this node's agent may write here, so an agent whose heartbeat does not change is gone whatever its lease says.
 */
export const HeartbeatRecord = Type.Object({
  v: Type.Literal(1),
  /** Another number each time: what counts is that the key is written. */
  beat: Type.Integer({ minimum: 0 }),
  period_ms: Type.Integer({ minimum: 100, maximum: 300_000 }),
  /** When it was written, by the node's clock, in milliseconds since 1970: how far that is from others'. */
  at: Type.Optional(integer(0)),
});
export type HeartbeatRecord = Static<typeof HeartbeatRecord>;
