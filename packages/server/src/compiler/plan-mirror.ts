import { keys, nodeTapMirrorCodec } from '@taas/model';
import type { ClusterView } from '../view/cluster-view.js';
import type { MirrorNodeEntry } from '../view/mirror-index.js';
import type { CompiledMirror } from './compile-mirror.js';
import { isGone, takeAway, tellNode } from './node-part.js';
import { removal, type Step } from './step.js';
import { withTotals } from './tap-end.js';

/**
 * The writes that bring etcd from what it says to what it should say about one tap mirror: its node told; taken away in
 * two steps where it should not be (tombstone, then gone once the node has confirmed); the API's record removed when the
 * user has asked for that and every node that can answer has confirmed; tunnel ids given back when no node has any
 * record of the mirror: until then somebody may still send by them.
 */
export function planMirror(view: ClusterView, id: string, compiled: CompiledMirror): readonly Step[] {
  if (compiled.frozen) return [];
  const wanted = new Set(compiled.records.map(({ key }) => key));
  const { mirrors } = view;
  const steps = [
    ...compiled.records.map((record) => tellNode(record, mirrors.published(record), [mirrors.byId.get(id)])),
    ...mirrors
      .publishedOf(id)
      .filter(({ key }) => !wanted.has(key))
      .map((entry) => takeAway(entry, () => tombstone(view, entry), view)),
    ...removeApiRecord(view, id),
    ...giveBackTunnelIds(view, id),
  ];
  return steps.filter((step) => step !== null);
}

/**
 * Of a tombstone, where nobody knows from where copies were sent: that does not matter, since the agent finds what stands of a mirror by
 * its tags. One that a node may have; the mirror's own may be none (RFC 5737).
 */
const anyAddress = '192.0.2.1';

/** The record rewritten to say that nothing of it may be left, or null if nobody knows what it said. */
function tombstone(view: ClusterView, entry: MirrorNodeEntry): string | null {
  if (entry.record) return nodeTapMirrorCodec.format({ ...entry.record, removed: true });
  const mirror = view.mirrors.byId.get(entry.id)?.record;
  if (!mirror) return null;
  const { id, project_id, port_id, mirror_type, remote_ip: remote, directions } = mirror;
  const what = { v: 1, id, project_id, removed: true, port_id, mirror_type, remote, directions } as const;
  return nodeTapMirrorCodec.format({ ...what, local: anyAddress, mtu: null });
}

function removeApiRecord(view: ClusterView, id: string): Step[] {
  const entry = view.mirrors.byId.get(id);
  return entry?.record?.deleting && isGone(view.mirrors.publishedOf(id), view)
    ? [withTotals(removal(entry), 'tap_mirrors', id, view)]
    : [];
}

function giveBackTunnelIds(view: ClusterView, id: string): Step[] {
  if (view.mirrors.byId.has(id) || view.mirrors.publishedOf(id).length > 0) return [];
  return view.mirrors.tunnelIdsOf(id).map(({ key, revision }) => ({
    compare: [
      { kind: 'mod-revision', key, revision },
      { kind: 'absent', key: keys.resource('tap_mirrors', id) },
    ],
    operations: [{ kind: 'delete', key }],
  }));
}
