import { type NodeTapMirror, nodeTapMirrorCodec, type TapMirrorRecord, tunnelIdCodec } from '@taas/model';
import type { KeyValue, Revision } from '@taas/store';
import type { Entry } from './entry.js';
import { Groups } from './groups.js';
import { MirrorSessions } from './mirror-sessions.js';
import { ProjectIndex } from './project-index.js';
import { type PublishedEntry, PublishedRecords } from './published-records.js';
import { believed } from './record-value.js';
import type { TapPart } from './tap-part.js';

/** What one node was told about one tap mirror. */
export type MirrorNodeEntry = PublishedEntry<'tap_mirrors', NodeTapMirror>;

/** A tunnel id that a mirror holds, or held: its key stays until no node has a record of the mirror. */
export interface HeldTunnelId {
  readonly key: string;
  readonly revision: Revision;
}

/** Tap mirrors, found by id, by port and by project; what nodes are told of them; the tunnel ids that they hold. */
export class MirrorIndex {
  readonly byId = new Map<string, Entry<TapMirrorRecord>>();
  readonly byPort = new Groups<string, string>();
  readonly byProject = new ProjectIndex();
  /** By tunnel id, whosever they are. */
  readonly byTunnelId = new Groups<number, string>();
  readonly sessions = new MirrorSessions();
  readonly #published = new PublishedRecords('tap_mirrors', nodeTapMirrorCodec.parse);
  readonly #tunnelIds = new Map<string, HeldTunnelId & { readonly mirror: string }>();
  readonly #tunnelIdsByMirror = new Groups<string, string>();

  set(id: string, entry: Entry<TapMirrorRecord> | undefined): void {
    const before = this.byId.get(id);
    const old = before?.record;
    if (old) {
      this.byPort.remove(old.port_id, id);
      this.byProject.remove(before);
      for (const tunnel of Object.values(old.directions)) this.byTunnelId.remove(tunnel, id);
    }
    if (!entry) {
      this.byId.delete(id);
      return;
    }
    this.byId.set(id, entry);
    if (!entry.record) return;
    this.byPort.add(entry.record.port_id, id);
    this.byProject.add(entry);
    for (const tunnel of Object.values(entry.record.directions)) this.byTunnelId.add(tunnel, id);
  }

  /** @throws RecordError for a malformed value, once it has been taken in as one */
  setPublished(at: Omit<TapPart, 'kind'>, key: string, kv: KeyValue | undefined): void {
    if (!kv) {
      this.sessions.set(key, at.node, null);
      this.#published.forget(at);
      return;
    }
    const { record, error } = this.#published.read(at.id, kv);
    this.#published.set(at, kv, record !== null, null);
    this.sessions.set(key, at.node, record);
    if (error) throw error;
  }

  /** @throws RecordError for a malformed value, which stays held by nobody */
  setTunnelId(key: string, kv: KeyValue | undefined): void {
    const old = this.#tunnelIds.get(key);
    if (old) this.#tunnelIdsByMirror.remove(old.mirror, key);
    this.#tunnelIds.delete(key);
    if (!kv) return;
    const mirror = tunnelIdCodec.parse(key, believed(kv)).tap_mirror_id;
    this.#tunnelIds.set(key, { key, revision: kv.modRevision, mirror });
    this.#tunnelIdsByMirror.add(mirror, key);
  }

  published(at: Omit<TapPart, 'kind'>): MirrorNodeEntry | undefined {
    return this.#published.get(at);
  }

  /** What nodes were told about a mirror, tombstones included. */
  publishedOf(mirror: string): readonly MirrorNodeEntry[] {
    return this.#published.ofTap(mirror);
  }

  /** Mirrors that a node was told of. */
  onNode(node: string): readonly string[] {
    return [...this.#published.onNode(node)].map(({ id }) => id);
  }

  /** The mirror that holds a tunnel id, or held it and has not given it back. */
  holderOf(tunnelIdKey: string): string | undefined {
    return this.#tunnelIds.get(tunnelIdKey)?.mirror;
  }

  tunnelIdsOf(mirror: string): readonly HeldTunnelId[] {
    return this.#tunnelIdsByMirror.get(mirror).flatMap((key) => this.#tunnelIds.get(key) ?? []);
  }

  /** Every mirror that there is anything of; some more than once. */
  *everything(): Generator<string> {
    yield* this.byId.keys();
    yield* this.#published.taps();
    yield* this.#tunnelIdsByMirror.keys();
  }
}
