import { type ActualInterface, type ActualView, featureBits, forwardingBits } from './actual.js';
import { possibleSources } from './flow-sources.js';
import { linksOf } from './links-of.js';
import { legDirections, legId } from './mirror-leg.js';
import { canonicalAddress } from './node-facts.js';
import { ownTag, portTagPrefix, wayKinds } from './tags.js';
import type { Wanted, WantedFlow } from './wanted.js';
import type { WantedMirror } from './wanted-mirrors.js';

/**
 * Something that others may change without VPP telling: all that has a tag of ours, an interface that is mirrored (with its
 * port's tag), or the way to an address outside.
 */
export type Sight =
  | { readonly of: 'own'; readonly tag: string }
  | { readonly of: 'source'; readonly tag: string; readonly index: number }
  | { readonly of: 'way'; readonly remote: string };

/**
 * All there is to be seen of the taps of a node, each once, in no order that means anything. It may be walked little by
 * little, while what is wanted and what is known of VPP change.
 * @param odd is told of a tap of which nobody can say what is to be seen; the others go on
 */
export function* sightsOf(
  wanted: Wanted,
  actual: ActualView,
  odd: (tap: string, error: unknown) => void,
): Generator<Sight> {
  const seen = new Set<string>();
  const isNew = (key: string): boolean => !seen.has(key) && seen.add(key) !== undefined;
  function* own(tags: Iterable<string>): Generator<Sight> {
    for (const tag of tags) if (stands(tag, actual)) yield { of: 'own', tag };
  }
  function* way(address: string): Generator<Sight> {
    const remote = canonicalAddress(address);
    if (isNew(remote)) yield { of: 'way', remote };
  }
  function* sources(of: Parameters<typeof possibleSources>[0]): Generator<Sight> {
    for (const index of possibleSources(of, actual))
      if (isNew(`${index}`)) yield { of: 'source', tag: `${portTagPrefix}${of.source_port}`, index };
  }
  function* ofService(service: string): Generator<Sight> {
    yield* own((['service', 'entry', ...wayKinds] as const).map((kind) => ownTag(kind, service)));
    for (const link of linksOf(service, wanted)) if (link.type === 'vxlan') yield* way(link.remote);
  }
  function* ofFlow({ record }: WantedFlow): Generator<Sight> {
    yield* own([ownTag('flow', record.id)]);
    if (!record.removed) yield* sources(record);
  }
  function* ofMirror({ record }: WantedMirror): Generator<Sight> {
    const legs = legDirections.map((direction) => legId(record.id, direction));
    yield* own(legs.flatMap((leg) => [ownTag('mirror', leg), ownTag('gre', leg)]));
    if (record.removed) return;
    yield* sources({ source_port: record.port_id, vlan_filter: null });
    yield* way(record.remote);
  }
  function* contained(tap: string, sights: Generator<Sight>): Generator<Sight> {
    try {
      yield* sights;
    } catch (error) {
      odd(tap, error);
    }
  }
  for (const service of wanted.serviceIds()) yield* contained(service, ofService(service));
  for (const flow of wanted.flows()) yield* contained(flow.record.id, ofFlow(flow));
  for (const mirror of wanted.mirrors.all()) yield* contained(mirror.record.id, ofMirror(mirror));
}

/** Whether anything with the tag is known; when it goes, its interface's event tells, or the sight of it shows nothing. */
function stands(tag: string, actual: ActualView): boolean {
  for (const known of [actual.tagged(tag), actual.bridgeDomainsTagged(tag), actual.aclsTagged(tag)])
    for (const _ of known) return true;
  return false;
}

/** What a sight goes by from look to look. */
export function keyOf(sight: Sight): string {
  if (sight.of === 'way') return `to ${sight.remote}`;
  return sight.of === 'own' ? sight.tag : `${sight.tag} ${sight.index}`;
}

/** How it stands, as text. Much cheaper than a plan, which only has to be made for what is not as it was. */
export function likenessOf(sight: Sight, actual: ActualView): string {
  switch (sight.of) {
    case 'own':
      return ownLikeness(sight.tag, actual);
    case 'source':
      return `${features(sight.index, actual)} ${JSON.stringify([...actual.spansFrom(sight.index)].sort())}`;
    case 'way': {
      const route = actual.route(sight.remote);
      const out = route?.to === 'interface' ? actual.interface(route.index) : undefined;
      return JSON.stringify([route, out?.adminUp, out?.mtu]);
    }
  }
}

function ownLikeness(tag: string, actual: ActualView): string {
  const parts: unknown[] = [];
  for (const entry of actual.tagged(tag)) parts.push(ofInterface(entry, actual));
  for (const { id, flags, members } of actual.bridgeDomainsTagged(tag)) parts.push(id, flags, [...members].sort());
  for (const { index, rules } of actual.aclsTagged(tag)) parts.push(index, rules);
  return JSON.stringify(parts);
}

function ofInterface({ index, adminUp, rewrite, vlan, mtu }: ActualInterface, actual: ActualView): unknown[] {
  const place = [index, adminUp, rewrite, vlan, mtu?.packet, actual.membership(index)];
  return [...place, actual.binding(index), actual.etherTypes(index), features(index, actual)];
}

const watchedInput =
  forwardingBits |
  featureBits.inputSpan |
  featureBits.inputAcl |
  featureBits.inputClassifier |
  featureBits.inputPolicer;

function features(index: number, actual: ActualView): string {
  const bits = actual.features(index);
  return bits ? `${bits.input & watchedInput} ${bits.output & featureBits.outputSpan}` : 'none';
}
