import { type AgentRecord, judgeNode, nodeMatters, type Onlooker } from '@taas/model';
import { isoTime } from '../http/iso-time.js';
import type { NodeTaps } from './node-sums.js';

/** What is known of a node besides what its agent has written down. */
export interface NodeKnown {
  /** `there`; `silent`: its lease is held, and nothing was heard of it for too long. */
  readonly agent: 'there' | 'silent';
  /** When its heartbeat was written, in ms since 1970 by this server's clock as far as that is known; null: there was none. */
  readonly heardAt: number | null;
  readonly onlooker: Onlooker;
  readonly taps: NodeTaps;
}

/** A node as the API shows it. What an agent of before does not tell is null. */
export function shownNode(record: AgentRecord, { agent, heardAt, onlooker, taps }: NodeKnown): object {
  const { facts } = record;
  const judged = nodeMatters.map((about) => ({ about, found: judgeNode(record, about, onlooker) }));
  return {
    node: record.node,
    agent,
    heard_at: heardAt === null ? null : isoTime(heardAt),
    clock_ahead_ms: onlooker.aheadMs,
    agent_version: record.agent_version,
    vpp_version: record.vpp_version,
    capabilities: record.capabilities,
    tunnel_address: record.tunnel_address,
    tunnel_mtu: facts?.tunnel_mtu ?? null,
    physnets: record.physnets,
    uplinks: facts?.uplinks ?? null,
    counters: facts?.counters ?? null,
    buffers: facts?.buffers ?? null,
    budget: facts?.budget ?? null,
    certificates: facts?.certificates ?? null,
    taps,
    problems: judged.flatMap(({ about, found }) => (found ?? []).map((problem) => ({ about, problem }))),
    untold: judged.flatMap(({ about, found }) => (found === null ? [about] : [])),
  };
}

/** A node whose agent's record cannot be read: nothing else is known of it. @param problem what is wrong with the record */
export const unreadableNode = (node: string, problem: string): object => ({
  ...{ node, agent: 'unreadable', problems: [{ about: 'record', problem }] },
});
