import { type MirrorType, mirrorTransports } from '@taas/model';
import { canonicalAddress } from '../node-facts.js';
import { type Blocker, pending, refused } from '../plan/blocker.js';
import type { ActualView } from '../snapshot.js';

/** How VPP would send to an address outside. */
export type ActualRoute =
  /** Out of this interface. */
  | { readonly to: 'interface'; readonly index: number }
  /** The address is one of VPP's own. */
  | { readonly to: 'self' }
  | { readonly to: 'nowhere' };

const ethernet = 14;

/** Bytes that an IP packet of a VM grows by on its way out: its Ethernet header, and all that is put around the frame. */
export function mirrorOverhead(type: MirrorType, remote: string): number {
  return ethernet + (remote.includes(':') ? 40 : 20) + mirrorTransports[type].overhead;
}

/** Why copies cannot get to the address now, or null. */
export function routeBlocker(remote: string, actual: ActualView): Blocker | null {
  const route = actual.routes.get(canonicalAddress(remote));
  if (route?.to === 'self')
    return refused('tunnel_address_conflict', `${remote} is an address of this node itself`).blocker;
  const out = route?.to === 'interface' ? actual.interfaces.get(route.index) : undefined;
  if (!out) return pending('no_route', `this node has no route to ${remote}`).blocker;
  if (!out.adminUp) return pending('link_down', `the interface ${out.name} towards ${remote} is down`).blocker;
  return out.linkUp ? null : pending('link_down', `the interface ${out.name} towards ${remote} has no link`).blocker;
}

/**
 * What a tenant should know of long packets: VPP cuts no copy short. An IPv4 packet that is too long leaves in fragments
 * (some of them may not: VPP loses what it cannot fragment), one of IPv6 does not leave at all.
 * @param mtu the longest IP packet of the port's network, or null if only VPP's interface says it
 * @returns a warning, or an empty text
 */
export function mtuWarning(
  mirror: { readonly mirror_type: MirrorType; readonly remote: string; readonly mtu: number | null },
  source: number,
  actual: ActualView,
): string {
  const { remote } = mirror;
  const route = actual.routes.get(canonicalAddress(remote));
  const out = route?.to === 'interface' ? actual.interfaces.get(route.index) : undefined;
  const longest = mirror.mtu ?? actual.interfaces.get(source)?.mtu?.packet ?? 0;
  const ip6 = remote.includes(':');
  const parent = out && actual.interfaces.get(out.supIndex);
  const [own, above] = [out, parent].map((each) => (ip6 ? each?.mtu?.ip6 : each?.mtu?.ip4) ?? 0);
  const underlay = own || above || 0;
  const fits = underlay - mirrorOverhead(mirror.mirror_type, remote);
  // VPP says 0 of an interface without a limit of its own.
  if (underlay === 0 || longest === 0 || longest <= fits) return '';
  const fate = ip6 ? 'are lost' : 'leave in fragments, or are lost';
  return (
    `warning: copies of packets longer than ${fits} bytes ${fate}: the underlay towards ${remote} takes ${underlay} ` +
    `bytes, and the port's packets may have ${longest}`
  );
}
