import {
  type AgentRecord,
  asLine,
  captureCapability,
  heartbeatCapability,
  receiptCapability,
  recordFormat,
  statisticsCapability,
} from '@taas/model';
import type { CertificateEnd } from '@taas/service';
import type { ActualView, NodeFacts } from '@taas/wiring';
import type { AgentConfig } from '../config.js';
import type { BuffersSeen } from '../statistics/buffers-seen.js';
import type { LastingMethod } from '../statistics/counter-source.js';
import { agentFacts } from './agent-facts.js';
import { physnetsFound } from './physnets.js';

/** What is known of VPP itself. */
export interface KnownVpp {
  /** Null while it is not connected. */
  readonly version: string | null;
  /** What it can do, as far as that is known: a restart of VPP takes nothing from what was said of it. */
  readonly abilities: readonly string[];
  /** Why it was refused, where it answers and lacks what the agent needs. */
  readonly lacks: string | null;
}

export interface OwnRecordFrom {
  readonly config: AgentConfig;
  readonly agentVersion: string;
  readonly vpp: KnownVpp;
  /** As it was last read; it counts while VPP is connected. */
  readonly actual: ActualView;
  readonly uplinks: NodeFacts['uplinks'];
  readonly counters: LastingMethod;
  readonly buffers: BuffersSeen | null;
  readonly certificates: readonly CertificateEnd[];
}

/** What the agent says of itself and its node. Pure. */
export function ownRecord(from: OwnRecordFrom): AgentRecord {
  const { config, agentVersion, vpp, uplinks, counters, buffers, certificates } = from;
  const actual = vpp.version === null ? null : from.actual;
  const found = actual ? physnetsFound(config, actual, { uplinks }) : { physnets: [], layer2_physnets: [] };
  return {
    v: 1,
    node: config.node,
    agent_version: agentVersion,
    vpp_version: vpp.version === null ? null : asLine(vpp.version, 128),
    tunnel_address: config.tunnel_address ?? null,
    ...found,
    capabilities: [...vpp.abilities, heartbeatCapability, statisticsCapability, captureCapability, receiptCapability],
    facts: agentFacts({ config, actual, facts: { uplinks }, counters, buffers, vppLacks: vpp.lacks, certificates }),
    reads: recordFormat,
  };
}
