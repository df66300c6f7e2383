import Type, { type Static } from 'typebox';
import { integer, Line, Name, Word } from './field-types.js';

/** A limit of what is copied; absent: there is none. */
const Limit = Type.Object({ max_kbps: Type.Optional(integer(0)), max_pps: Type.Optional(integer(0)) });

/**
 * What an agent has found out of its node that no tap says, for those who look for what is wrong. Nothing is decided by it, and
 * what has not been found out is absent. Changes rarely: it stands in the agent's record.
 */
export const AgentFacts = Type.Object({
  /** By which way VPP's counters were read last: `segment`, or `command_line`, which stops VPP's workers each time. */
  counters: Type.Optional(Word),
  /** Why not from the statistics segment. */
  counters_problem: Type.Optional(Line),
  /** Why the agent works with no VPP, where VPP answers and is refused: what it lacks. */
  vpp_lacks: Type.Optional(Line),
  /** Of each physical network of the configuration, and of those that networking-vpp has tagged. */
  uplinks: Type.Array(
    Type.Object({
      physnet: Name,
      /** Why it carries no copies: it is missing, or down. */
      problem: Type.Optional(Line),
      /** The longest packet that it takes, in bytes without the Ethernet header; absent if VPP knows of no limit. */
      mtu: Type.Optional(integer(1)),
    }),
    { maxItems: 1024 },
  ),
  /** The longest packet that the way to other tunnel addresses takes, where tunnels lead. */
  tunnel_mtu: Type.Optional(integer(1)),
  /**
   * VPP's buffers for packets: how many there are, and the most that was seen in use since the agent knows this VPP, in tenths of all, rounded
   * up. The peak and not what is used now: facts change rarely.
   */
  buffers: Type.Optional(Type.Object({ all: integer(1), peak_tenths: integer(0, 10) })),
  /** What may be copied of each tap, and of all of the node together. */
  budget: Type.Optional(Type.Object({ flow: Limit, node: Limit })),
  /** Of files that the agent's options name, the certificates that end first. */
  certificates: Type.Array(Type.Object({ what: Line, ends: Type.String({ maxLength: 64 }) }), { maxItems: 64 }),
});
export type AgentFacts = Static<typeof AgentFacts>;
