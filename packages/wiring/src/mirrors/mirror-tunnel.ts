import type { MirrorTransport } from '@taas/model';
import { type GreSpec, greIdNames } from '../objects/gre.js';
import type { ActualView } from '../snapshot.js';
import type { Step } from '../steps.js';

/** The tunnel that a leg asks for. */
export interface MirrorTunnel {
  readonly type: MirrorTransport['tunnel'];
  readonly local: string;
  readonly remote: string;
  readonly id: number;
}

/** A tunnel that VPP has. */
export interface TunnelFound {
  readonly index: number;
  /** The number in its name, which we choose. */
  readonly instance: number;
}

/** All that differs between VPP's kinds of tunnels when a mirror is planned. */
export interface TunnelKind {
  /** What its id is called. */
  readonly idName: string;
  /** Ids that the API takes and VPP cannot send, and why. */
  readonly unsupported: (id: number) => string | null;
  /** The same tunnel in VPP, whosever it is. */
  readonly like: (tunnel: MirrorTunnel, actual: ActualView) => TunnelFound | undefined;
  /** The tunnel that an interface is, if it is one of this kind. */
  readonly at: (index: number, actual: ActualView) => TunnelFound | undefined;
  readonly isTaken: (instance: number, actual: ActualView) => boolean;
  readonly create: (as: string, instance: number, tunnel: MirrorTunnel) => Step;
}

const greTunnel = (type: GreSpec['type'], unsupported: TunnelKind['unsupported']): TunnelKind => ({
  idName: greIdNames[type],
  unsupported,
  like: ({ local, remote, id }, actual) => actual.gres.by('spec', tunnelKey({ type, local, remote, id }))[0],
  at: (index, actual) => actual.gres.get(index),
  isTaken: (instance, actual) => actual.gres.keysBy('instance', instance).size > 0,
  create: (as, instance, { local, remote, id }) => ({
    kind: 'create-gre',
    ...{ as, instance, spec: { type, local, remote, id } },
  }),
});

/** A transport whose tunnel is not here does not compile. */
export const tunnelKinds: Readonly<Record<MirrorTransport['tunnel'], TunnelKind>> = {
  teb: greTunnel('teb', (id) =>
    id === 0 ? 'VPP cannot send the GRE key 0: for it that is no key at all; use another tunnel id' : null,
  ),
  erspan: greTunnel('erspan', () => null),
};

/** The same for tunnels that VPP cannot tell apart. */
export function tunnelKey({ type, local, remote, id }: MirrorTunnel): string {
  return `${type} ${local} ${remote} ${id}`;
}

/** The tunnel that an interface is, of whatever kind a mirror can have. */
export function tunnelAt(index: number, actual: ActualView): TunnelFound | undefined {
  for (const kind of Object.values(tunnelKinds)) {
    const tunnel = kind.at(index, actual);
    if (tunnel) return tunnel;
  }
  return undefined;
}
