import {
  type AgentRecord,
  heartbeatCapability,
  type PortRoleRecord,
  prefixes,
  type QuotaRecord,
  type ServerRecord,
  type TapFlowRecord,
  type TapServiceRecord,
  type TapState,
} from '@taas/model';
import type { FollowEvent, KeyValue, Revision } from '@taas/store';
import type { ClusterView, Heartbeat, OwnersKnown } from './cluster-view.js';
import type { Dirty } from './dirty.js';
import type { Entry, ValuedEntry } from './entry.js';
import { Groups } from './groups.js';
import { everything, markAgentDirty } from './mark-dirty.js';
import { MirrorIndex } from './mirror-index.js';
import { NodeRecordIndex } from './node-record-index.js';
import { PhysnetIndex } from './physnet-index.js';
import { type PlacesFrom, PortPlaces } from './port-places.js';
import { ProjectIndex } from './project-index.js';
import { SegmentLedger } from './segment-ledger.js';
import { Underlay } from './underlay.js';
import { ViewUpdate } from './view-update.js';

/** Records read before a snapshot's reader yields: a few milliseconds' worth. */
const batch = 2_000;

/**
 * All that the server knows of etcd, parsed and indexed so that one change costs what it concerns and not what there is.
 * It is the state at `revision`, whole: readers between two events see no half-applied transaction.
 */
export class ViewState implements ClusterView {
  revision: Revision = 0;
  services = new Map<string, Entry<TapServiceRecord>>();
  flows = new Map<string, Entry<TapFlowRecord>>();
  flowsByService = new Groups<string, string>();
  servicesByPort = new Groups<string, string>();
  flowsByPort = new Groups<string, string>();
  byProject = { tap_services: new ProjectIndex(), tap_flows: new ProjectIndex() };
  mirrors = new MirrorIndex();
  portRoles = new Map<string, ValuedEntry<PortRoleRecord>>();
  /** By project: what an administrator has set. */
  quotas = new Map<string, Entry<QuotaRecord>>();
  /** By key: the revision of the turn of whoever last made something in a project with a quota. */
  admissions = new Map<string, Revision>();
  segments = new SegmentLedger();
  physnets = new PhysnetIndex();
  places: PortPlaces;
  underlay = new Underlay();
  nodeRecords = new NodeRecordIndex();
  /** What nodes report, by etcd key. */
  states = new Map<string, Entry<TapState>>();
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

  /** Takes over an event of the store. @returns what it was about; after a snapshot, everything there is */
  apply(event: Exclude<FollowEvent, { kind: 'stale' }>): Dirty {
    if (event.kind === 'snapshot') {
      const reading = this.read(event.entries);
      let step = reading.next();
      while (!step.done) step = reading.next();
      return this.adopt(step.value, event.revision);
    }
    const update = new ViewUpdate(this, false);
    for (const change of event.changes) {
      if (change.kind === 'put') update.put(change.entry);
      else update.delete(change.key);
    }
    this.revision = event.revision;
    return update.dirty;
  }

  /** Reads a snapshot into a view of its own, and yields now and then, so that a large one need not stop the process. */
  *read(entries: readonly KeyValue[]): Generator<void, ViewState, void> {
    const view = new ViewState(this.places.from, this.owners);
    const update = new ViewUpdate(view, true);
    // API records first: they tell to which tap service the rest belongs.
    for (const first of [true, false]) {
      for (const [index, entry] of entries.entries()) {
        if (index % batch === batch - 1) yield;
        if (entry.key.startsWith(prefixes.api) === first) update.put(entry);
      }
    }
    return view;
  }

  /** Becomes what another view is, at once. @returns everything there is */
  adopt(other: ViewState, revision: Revision): Dirty {
    Object.assign(this, other);
    this.revision = revision;
    return everything(this);
  }

  /**
   * An agent whose heartbeat has stopped is gone, whoever keeps its lease alive, until it is heard again.
   * @param dirty is told what depends on it
   */
  silence(node: string, dirty: Dirty): void {
    const entry = this.agents.get(node);
    if (!entry?.record?.capabilities.includes(heartbeatCapability)) return;
    this.agents.delete(node);
    this.silent.set(node, entry);
    markAgentDirty(dirty, this, node, false);
  }
}
