import Type, { type Static } from 'typebox';
import { integer } from './field-types.js';
import { uuidPattern } from './identifiers.js';
import { stages } from './stage.js';

/** 64 bits, monotone: beyond 2^53 a JSON number is not exact in every reader. */
export const Count = Type.String({ pattern: '^(0|[1-9][0-9]{0,19})$' });

export const StageCount = Type.Object({
  stage: Type.Enum([...stages]),
  /** As in a tap's direction: IN is what the source port receives from the network, OUT what it sends; BOTH cannot be told apart. */
  direction: Type.Enum(['IN', 'OUT', 'BOTH']),
  packets: Count,
  /** Absent where VPP counts packets alone. */
  bytes: Type.Optional(Count),
});
export type StageCount = Static<typeof StageCount>;

/** Time in which a tap that was wanted on the node was not ACTIVE there, since it was for the first time, by what the agent knows of why. */
export const gapCauses = ['not_active', 'vpp_restarted', 'agent_restarted', 'no_counters'] as const;
export type GapCause = (typeof gapCauses)[number];
export const Gap = Type.Object({
  cause: Type.Enum([...gapCauses]),
  milliseconds: integer(0),
  /** Frames of the source ports meanwhile: what was not mirrored. Absent where nobody counted. */
  packets: Type.Optional(Count),
});
export type Gap = Static<typeof Gap>;

/**
 * `state/<node>/taas/statistics/<kind>/<id>`: what a node has counted of a tap since `since`; written by the agent while the
 * key `nodes/<node>/taas/statistics/<kind>/<id>` is there, and once when the tap has gone from the node. A flow's record has the
 * stages that are its own; what a service's flows share is in the service's record.
 */
export const StatisticsRecord = Type.Object({
  v: Type.Literal(1),
  id: Type.String({ pattern: uuidPattern }),
  /** When the node began to count, and when it last read VPP's counters: milliseconds since 1970. */
  since: integer(0),
  at: integer(0),
  /**
   * Milliseconds from that reading to when this was written, which the agent knows whatever its clock says. Absent in last records, and
   * of an agent that did not tell.
   */
  age: Type.Optional(integer(0)),
  stages: Type.Array(StageCount, { maxItems: 64 }),
  gaps: Type.Array(Gap, { maxItems: 16 }),
  /** The tap has gone from the node: nothing is added any more. */
  final: Type.Boolean(),
});
export type StatisticsRecord = Static<typeof StatisticsRecord>;

/**
 * `taas/statistics/<kind>/<id>`: what nodes have counted of a tap that have no part in it any more. The leader adds a node's final
 * record in the transaction that takes the tap off the node, so that it is counted once. It goes with the tap.
 */
export const StatisticsTotals = Type.Object({
  v: Type.Literal(1),
  id: Type.String({ pattern: uuidPattern }),
  /** When the first of them began to count, and when the last one ended: milliseconds since 1970, by their clocks. Null: not known of any. */
  since: Type.Union([integer(0), Type.Null()]),
  at: Type.Union([integer(0), Type.Null()]),
  /** Final records that could not be read, or never came: what they had counted is missing. */
  unreadable: integer(0),
  stages: Type.Array(StageCount, { maxItems: 64 }),
  gaps: Type.Array(Gap, { maxItems: 16 }),
});
export type StatisticsTotals = Static<typeof StatisticsTotals>;

/** `nodes/<node>/taas/statistics/<kind>/<id>`, under a lease: somebody looks at these figures. */
export const StatisticsRequest = Type.Object({ v: Type.Literal(1) });
export type StatisticsRequest = Static<typeof StatisticsRequest>;

/** An agent with this capability answers requests for statistics. */
export const statisticsCapability = 'statistics';
