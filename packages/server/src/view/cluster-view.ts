import type {
  AgentRecord,
  PortRoleRecord,
  QuotaRecord,
  ReceiptSenderRecord,
  ResourceKind,
  ServerRecord,
  TapFlowRecord,
  TapMirrorRecord,
  TapServiceRecord,
} from '@taas/model';
import type { KeyValue, Revision } from '@taas/store';
import type { Entry, ValuedEntry } from './entry.js';
import type { Groups } from './groups.js';
import type { MirrorIndex } from './mirror-index.js';
import type { NodeRecordIndex } from './node-record-index.js';
import type { NodeStates } from './node-states.js';
import type { PhysnetIndex } from './physnet-index.js';
import type { PortPlaces } from './port-places.js';
import type { ProjectIndex } from './project-index.js';
import type { SegmentLedger } from './segment-ledger.js';
import type { TappedPortsIndex } from './tapped-ports-index.js';
import type { Underlay } from './underlay.js';

/** A record that this replica cannot use. */
export interface Problem {
  readonly key: string;
  readonly problem: string;
}

/** The last that was heard of an agent. */
export interface Heartbeat {
  readonly revision: Revision;
  readonly periodMs: number;
  /** By the node's clock, in ms since 1970; null if the agent does not tell. */
  readonly at: number | null;
}

/**
 * Whether it must be known whose port a tap is on before a node is told of it. `perhaps` is for development, where nobody can be
 * asked.
 */
export type OwnersKnown = 'always' | 'perhaps';

type SeenGroups<K, V extends string> = Pick<Groups<K, V>, 'get' | 'members' | 'has' | 'count' | 'keys'>;
type SeenProjects = Pick<ProjectIndex, 'count' | 'inOrder'>;

/** Tap mirrors, to look at. */
export interface SeenMirrors
  extends Pick<MirrorIndex, 'published' | 'publishedOf' | 'onNode' | 'holderOf' | 'tunnelIdsOf' | 'everything'> {
  readonly byId: ReadonlyMap<string, Entry<TapMirrorRecord>>;
  readonly byPort: SeenGroups<string, string>;
  readonly byProject: SeenProjects;
  readonly byTunnelId: SeenGroups<number, string>;
  readonly sessions: Pick<MirrorIndex['sessions'], 'held'>;
}

/**
 * All that the server knows of etcd, to look at: parsed and indexed so that one change costs what it concerns and not what there
 * is. It is the state at `revision`, whole: readers between two events see no half-applied transaction. Only `LiveView` changes it.
 */
export interface ClusterView {
  readonly revision: Revision;
  readonly owners: OwnersKnown;
  readonly services: ReadonlyMap<string, Entry<TapServiceRecord>>;
  readonly flows: ReadonlyMap<string, Entry<TapFlowRecord>>;
  readonly flowsByService: SeenGroups<string, string>;
  readonly servicesByPort: SeenGroups<string, string>;
  readonly flowsByPort: SeenGroups<string, string>;
  /** Ports that are copied, by whose they are. */
  readonly tapped: Omit<TappedPortsIndex, 'look'>;
  readonly byProject: { readonly tap_services: SeenProjects; readonly tap_flows: SeenProjects };
  readonly mirrors: SeenMirrors;
  readonly portRoles: ReadonlyMap<string, ValuedEntry<PortRoleRecord>>;
  /** By project: what an administrator has set. */
  readonly quotas: ReadonlyMap<string, Entry<QuotaRecord>>;
  /** By key: the revision of the turn of whoever last made something in a project with a quota. */
  readonly admissions: ReadonlyMap<string, Revision>;
  readonly segments: Omit<SegmentLedger, 'set' | 'remove' | 'setProject' | 'forget'>;
  /** From where receipts come; null: nobody has said. */
  readonly receiptSender: Entry<ReceiptSenderRecord> | null;
  /** Tap services whose collectors are to be sent receipts. */
  readonly withReceipts: ReadonlySet<string>;
  /** Taps that have an end of their own. */
  readonly expiring: Readonly<Record<ResourceKind, ReadonlySet<string>>>;
  readonly physnets: Omit<PhysnetIndex, 'setRecord' | 'setAgent'>;
  readonly places: Omit<PortPlaces, 'setBound' | 'refuseBound' | 'setRecord'>;
  readonly underlay: Omit<Underlay, 'setRecord' | 'setLive'>;
  readonly nodeRecords: Omit<NodeRecordIndex, 'set'>;
  /** What nodes report. */
  readonly states: Omit<NodeStates, 'set' | 'delete'>;
  /** Agents that count as there: those whose lease is held, but for the ones that have been silent too long. */
  readonly agents: ReadonlyMap<string, Entry<AgentRecord>>;
  /** By name: the servers that are there. */
  readonly servers: ReadonlyMap<string, Entry<ServerRecord>>;
  /** By node: when an agent last showed that it lives, and how often it means to. */
  readonly heartbeats: ReadonlyMap<string, Heartbeat>;
  /** Agents whose records are there, and of which nothing was heard for too long. */
  readonly silent: ReadonlyMap<string, Entry<AgentRecord>>;
  /** Last figures of taps that have gone from a node, by key, as they stand there: until the leader has added them up. */
  readonly finals: ReadonlyMap<string, KeyValue>;
  /** By key: when the sums of those were last written. Their values are read when somebody asks. */
  readonly totals: ReadonlyMap<string, Revision>;
  /** Malformed records by key. */
  readonly problems: ReadonlyMap<string, string>;
  /** Malformed API records by key: who knows what they use, so nothing is given up on their account. */
  readonly unreadable: ReadonlySet<string>;
}
