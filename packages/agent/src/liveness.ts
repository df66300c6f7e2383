import { featureBits, forwardingBits, interestOf, type VppSnapshot, type Wanted } from '@taas/wiring';
import type { VppReader } from './vpp/vpp-reader.js';

const watched = forwardingBits | featureBits.inputSpan;

/**
 * Looks whether mirrors are still switched on, more often than everything is read: a source that leaves layer 2 and comes
 * back is not copied any more, and VPP neither tells of it nor shows it in its SPAN table.
 * @returns tags of interfaces whose features are not what they were
 */
export async function changedFeatures(
  services: ReadonlySet<string>,
  wanted: Wanted,
  snapshot: VppSnapshot,
  reader: VppReader,
): Promise<string[]> {
  const { features } = interestOf({ services, flows: [] }, wanted, snapshot);
  const before = new Map([...features].map((index) => [index, fingerprint(snapshot, index)]));
  await reader.readFeatures(features);
  return [...features].flatMap((index) =>
    fingerprint(snapshot, index) === before.get(index) ? [] : [snapshot.interface(index)?.tag ?? ''],
  );
}

function fingerprint(snapshot: VppSnapshot, index: number): string {
  const features = snapshot.features(index);
  return features ? `${features.input & watched} ${features.output & featureBits.outputSpan}` : 'none';
}
