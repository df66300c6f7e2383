import type {
  AgentRecord,
  QuotaRecord,
  ReceiptSenderRecord,
  ServerRecord,
  TapFlowRecord,
  TapServiceRecord,
} from '@taas/model';
import type { KeyValue, Revision } from '@taas/store';
import type { ClusterView, Heartbeat, OwnersKnown } from './cluster-view.js';
import type { Entry } from './entry.js';
import { Groups } from './groups.js';
import { MirrorIndex } from './mirror-index.js';
import { NodeRecordIndex } from './node-record-index.js';
import { NodeStates } from './node-states.js';
import { PhysnetIndex } from './physnet-index.js';
import { type PlacesFrom, PortPlaces } from './port-places.js';
import type { PortRole, RoleSaid } from './port-role.js';
import { ProjectIndex } from './project-index.js';
import { SegmentLedger } from './segment-ledger.js';
import { SharedRecords } from './shared-records.js';
import { SharedTexts } from './shared-texts.js';
import { TappedPortsIndex } from './tapped-ports-index.js';
import { Underlay } from './underlay.js';

/** All that the server knows of etcd, parsed and indexed so that one change costs what it concerns and not what there is. */
export class ViewTables implements ClusterView {
  revision: Revision = 0;
  services = new Map<string, Entry<TapServiceRecord>>();
  flows = new Map<string, Entry<TapFlowRecord>>();
  flowsByService = new Groups<string, string>();
  servicesByPort = new Groups<string, string>();
  flowsByPort = new Groups<string, string>();
  tapped = new TappedPortsIndex();
  byProject = { tap_services: new ProjectIndex(), tap_flows: new ProjectIndex() };
  mirrors = new MirrorIndex();
  portRoles = new Map<string, PortRole>();
  /** What records of roles say, by value. */
  roleRecords = new SharedRecords<RoleSaid>();
  /** Names of nodes and projects, and ids of tap services. */
  texts = new SharedTexts();
  /** By project: what an administrator has set. */
  quotas = new Map<string, Entry<QuotaRecord>>();
  /** By key: the revision of the turn of whoever last made something in a project with a quota. */
  admissions = new Map<string, Revision>();
  segments = new SegmentLedger();
  physnets = new PhysnetIndex();
  receiptSender: Entry<ReceiptSenderRecord> | null = null;
  /** Tap services whose collectors are to be sent receipts. */
  withReceipts = new Set<string>();
  expiring = { tap_services: new Set<string>(), tap_flows: new Set<string>(), tap_mirrors: new Set<string>() };
  places: PortPlaces;
  underlay = new Underlay();
  nodeRecords = new NodeRecordIndex();
  /** What nodes report. */
  states = new NodeStates();
  /** Agents that count as there: those whose lease is held, but for the ones that were {@link silence}d. */
  agents = new Map<string, Entry<AgentRecord>>();
  servers = new Map<string, Entry<ServerRecord>>();
  /** By node: when an agent last showed that it lives, and how often it means to. */
  heartbeats = new Map<string, Heartbeat>();
  /** Agents whose records are there, and of which nothing was heard for too long. */
  silent = new Map<string, Entry<AgentRecord>>();
  finals = new Map<string, KeyValue>();
  totals = new Map<string, Revision>();
  /** Malformed records by key. */
  problems = new Map<string, string>();
  /** Malformed API records by key: who knows what they use, so nothing is given up on their account. */
  unreadable = new Set<string>();

  constructor(
    placesFrom: PlacesFrom = 'bound-ports',
    readonly owners: OwnersKnown = 'perhaps',
  ) {
    this.places = new PortPlaces(placesFrom);
  }
}
