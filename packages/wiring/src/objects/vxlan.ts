import { nameOf, type Ref, unseen, type VppObject } from './object.js';
import { Table } from './table.js';

/** What tells one VXLAN tunnel of VPP from another. Addresses are text, as `canonicalAddress` writes. */
export interface VxlanSpec {
  readonly local: string;
  readonly remote: string;
  readonly vni: number;
}

export type VxlanStep =
  | ({ readonly kind: 'create-vxlan'; readonly as: string } & VxlanSpec)
  | ({ readonly kind: 'delete-vxlan'; readonly at: Ref } & VxlanSpec);

export interface ActualVxlan extends VxlanSpec {
  readonly index: number;
}

export interface VxlanTables {
  /** By interface; `spec`: by {@link vxlanKey}. */
  readonly vxlans: Table<number, ActualVxlan, 'spec'>;
}

export function vxlanKey({ local, remote, vni }: VxlanSpec): string {
  return `${local} ${remote} ${vni}`;
}

export const vxlanObject: VppObject<VxlanStep, VxlanTables> = {
  steps: {
    'create-vxlan': {
      describe: (s) => `create ${s.as}: VXLAN ${s.vni} from ${s.local} to ${s.remote}`,
      undo: ({ as, local, remote, vni }) => ({ kind: 'delete-vxlan', at: { ref: as }, local, remote, vni }),
      waits: true,
      refs: () => [],
      touches: (s) => ({ interfaces: [{ ref: s.as }] }),
    },
    'delete-vxlan': {
      describe: (s) => `delete ${nameOf(s.at)}: VXLAN ${s.vni} from ${s.local} to ${s.remote}`,
      undo: () => null,
      waits: true,
      refs: (s) => [s.at],
      touches: (s) => ({ interfaces: [s.at] }),
    },
  },
  tables: () => ({ vxlans: new Table({ spec: (tunnel) => [vxlanKey(tunnel)] }) }),
  follow: ({ vxlans }, { index, now }) => {
    if (!now) vxlans.delete(index);
  },
  withdraw: () => [],
  deletion: {
    kind: 'delete-vxlan',
    of: ({ index }, { vxlans }) => {
      const tunnel = vxlans.get(index);
      if (!tunnel) return null;
      const { local, remote, vni } = tunnel;
      return { kind: 'delete-vxlan', at: { index }, local, remote, vni };
    },
  },
  fingerprint: unseen,
};
