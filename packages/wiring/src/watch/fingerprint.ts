import { possibleSources } from '../flows/flow-sources.js';
import { canonicalAddress } from '../node-facts.js';
import type { Fingerprint } from '../objects/object.js';
import { type AllTables, objects } from '../objects/registry.js';
import { linksOf } from '../services/links-of.js';
import type { ActualView } from '../snapshot.js';
import { type OwnTag, ownTag, portTagPrefix } from '../tags.js';
import { ownedBy } from '../tap-of-tag.js';
import type { Wanted, WantedFlow } from '../wanted/wanted.js';
import type { WantedMirror } from '../wanted/wanted-mirrors.js';

/**
 * Something that others may change without VPP telling: all that has a tag of ours, an interface that is mirrored (with its
 * port's tag), or the route to an address outside.
 */
export type WatchedItem =
  | { readonly of: 'own'; readonly tag: string }
  | { readonly of: 'source'; readonly tag: string; readonly index: number }
  | { readonly of: 'route'; readonly remote: string };

/**
 * All there is to be seen of the taps of a node, each once, in no order that means anything. It may be walked little by
 * little, while what is wanted and what is known of VPP change: after each tap comes a null, since many may have nothing to be seen.
 * @param odd is told of a tap of which nobody can say what is to be seen; the others go on
 */
export function* watchedItems(
  wanted: Wanted,
  actual: ActualView,
  odd: (tap: string, error: unknown) => void,
): Generator<WatchedItem | null> {
  const seen = new Set<string>();
  const isNew = (key: string): boolean => !seen.has(key) && seen.add(key) !== undefined;
  function* own(tags: Iterable<OwnTag>): Generator<WatchedItem> {
    for (const { kind, id } of tags) {
      const tag = ownTag(kind, id);
      if (stands(tag, actual)) yield { of: 'own', tag };
    }
  }
  function* route(address: string): Generator<WatchedItem> {
    const remote = canonicalAddress(address);
    if (isNew(remote)) yield { of: 'route', remote };
  }
  function* sources(of: Parameters<typeof possibleSources>[0]): Generator<WatchedItem> {
    for (const index of possibleSources(of, actual))
      if (isNew(`${index}`)) yield { of: 'source', tag: `${portTagPrefix}${of.source_port}`, index };
  }
  function* ofService(service: string): Generator<WatchedItem> {
    yield* own(ownedBy('services', service));
    for (const link of linksOf(service, wanted)) if (link.type === 'vxlan') yield* route(link.remote);
  }
  function* ofFlow({ record }: WantedFlow): Generator<WatchedItem> {
    yield* own(ownedBy('flows', record.id));
    if (!record.removed) yield* sources(record);
  }
  function* ofMirror({ record }: WantedMirror): Generator<WatchedItem> {
    yield* own(ownedBy('mirrors', record.id));
    if (record.removed) return;
    yield* sources({ source_port: record.port_id, vlan_filter: null });
    yield* route(record.remote);
  }
  function* contained(tap: string, items: Generator<WatchedItem>): Generator<WatchedItem | null> {
    try {
      yield* items;
    } catch (error) {
      odd(tap, error);
    }
    yield null;
  }
  for (const service of wanted.serviceIds()) yield* contained(service, ofService(service));
  for (const flow of wanted.flows()) yield* contained(flow.record.id, ofFlow(flow));
  for (const mirror of wanted.mirrors.all()) yield* contained(mirror.record.id, ofMirror(mirror));
}

// Safe: what VPP has is all that any object's fingerprint asks for.
const fingerprints = Object.values(objects).map(({ fingerprint }) => fingerprint as Fingerprint<AllTables>);

/** Whether anything with the tag is known; when it goes, its interface's event tells, or its fingerprint is empty. */
function stands(tag: string, actual: ActualView): boolean {
  return fingerprints.some(({ tagged }) => tagged(tag, actual).length > 0);
}

/** What names an item from poll to poll. */
export function keyOf(item: WatchedItem): string {
  if (item.of === 'route') return `to ${item.remote}`;
  return item.of === 'own' ? item.tag : `${item.tag} ${item.index}`;
}

/** How it stands, as text. Much cheaper than a plan, which only has to be made for what is not as it was. */
export function fingerprintOf(item: WatchedItem, actual: ActualView): string {
  switch (item.of) {
    case 'own':
      return JSON.stringify([
        fingerprints.map(({ tagged }) => tagged(item.tag, actual)),
        actual.interfaces.by('tag', item.tag).map(({ index }) => fingerprints.map(({ on }) => on(index, actual))),
      ]);
    case 'source':
      return JSON.stringify(fingerprints.map(({ source }) => source(item.index, actual)));
    case 'route': {
      const route = actual.routes.get(item.remote);
      const out = route?.to === 'interface' ? actual.interfaces.get(route.index) : undefined;
      return JSON.stringify([route, out?.adminUp, out?.linkUp, out?.mtu]);
    }
  }
}
