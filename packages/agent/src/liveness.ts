import { featureBits, forwardingBits, interestOf, tagOrPort, type VppSnapshot, type Wanted } from '@taas/wiring';
import { everyTap } from './tap-ids.js';
import type { VppReader } from './vpp/vpp-reader.js';

const watched = forwardingBits | featureBits.inputSpan | featureBits.inputPolicer;

/** What VPP has changed without telling. */
export interface QuietChanges {
  /** Tags of interfaces whose features are not what they were. */
  readonly tags: readonly string[];
  /** Mirrors to addresses whose route is not what it was. */
  readonly mirrors: readonly string[];
}

/**
 * Looks whether mirrors and policers are still switched on, and mirrors still have a way out, more often than everything is
 * read: a source that leaves layer 2 and comes back is not copied any more, and VPP neither tells of it nor shows it in its
 * SPAN table; nor does it tell of routes.
 */
export async function quietChanges(wanted: Wanted, snapshot: VppSnapshot, reader: VppReader): Promise<QuietChanges> {
  const interest = interestOf(everyTap(wanted), wanted, snapshot);
  const features = new Map([...interest.features].map((index) => [index, fingerprint(snapshot, index)]));
  const routes = new Map([...interest.remotes].map((address) => [address, routeText(snapshot, address)]));
  await reader.readDetails(interest);
  const tags = [...features].flatMap(([index, before]) => {
    const entry = snapshot.interface(index);
    return entry === undefined || fingerprint(snapshot, index) === before ? [] : [tagOrPort(entry)];
  });
  const moved = new Set(
    [...routes].filter(([address, before]) => routeText(snapshot, address) !== before).map(([a]) => a),
  );
  const mirrors = [...wanted.mirrors.ids()].filter((id) => [...wanted.mirrors.remotes([id])].some((a) => moved.has(a)));
  return { tags, mirrors };
}

function fingerprint(snapshot: VppSnapshot, index: number): string {
  const features = snapshot.features(index);
  return features ? `${features.input & watched} ${features.output & featureBits.outputSpan}` : 'none';
}

function routeText(snapshot: VppSnapshot, address: string): string {
  const route = snapshot.route(address);
  const out = route?.to === 'interface' ? snapshot.interface(route.index) : undefined;
  return JSON.stringify([route, out?.adminUp, out?.mtu]);
}
