import { group } from '@taas/service';
import Type, { type Static } from 'typebox';
import { type RemoteAddressOptions, usualUnderlayPrefix } from './remote-address-policy.js';
import { SubnetError, SubnetSet } from './subnet-set.js';

/** Where tap mirrors may send to. */
export const tapMirrorOptions = group(
  {
    denied_remote_subnets: Type.Array(Type.String(), {
      default: [],
      description:
        'Subnets (CIDR) that mirrors may not send to, such as the management network. Loopback, link-local, ' +
        'multicast, unspecified and reserved addresses and the underlay are refused anyway.',
    }),
    underlay_subnets: Type.Array(Type.String(), {
      default: [],
      description:
        "The underlay's subnets (CIDR), which mirrors may not send to, besides those around the tunnel addresses that nodes " +
        'have reported. Empty: mirrors are refused (503) until a node has reported one.',
    }),
    underlay_prefix_v4: Type.Integer({
      default: usualUnderlayPrefix.ipv4,
      minimum: 8,
      maximum: 32,
      description:
        "The underlay's subnets, which mirrors may not send to: the IPv4 tunnel addresses of the nodes with all around " +
        'them that has so many leading bits in common; 32 for the tunnel addresses alone.',
    }),
    underlay_prefix_v6: Type.Integer({
      default: usualUnderlayPrefix.ipv6,
      minimum: 16,
      maximum: 128,
      description: 'The same for IPv6; 128 for the tunnel addresses alone.',
    }),
  },
  'Tap mirrors.',
);

export type TapMirrorConfig = Static<typeof tapMirrorOptions>;

/** What a schema cannot say of them. */
export function tapMirrorProblems(mirrors: TapMirrorConfig): string[] {
  return (['denied_remote_subnets', 'underlay_subnets'] as const).flatMap((option) => {
    try {
      new SubnetSet(mirrors[option]);
      return [];
    } catch (error) {
      if (!(error instanceof SubnetError)) throw error;
      return [`option "tap_mirrors.${option}": ${error.message}`];
    }
  });
}

export function remoteAddressOptions(mirrors: TapMirrorConfig): RemoteAddressOptions {
  return {
    denied: mirrors.denied_remote_subnets,
    underlaySubnets: mirrors.underlay_subnets,
    prefix: { ipv4: mirrors.underlay_prefix_v4, ipv6: mirrors.underlay_prefix_v6 },
  };
}
