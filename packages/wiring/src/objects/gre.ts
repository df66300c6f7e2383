import { nameOf, type Ref, unseen, type VppObject } from './object.js';
import { Table } from './table.js';

/** What tells one GRE tunnel of VPP from another (plugins/gre/gre.h). Addresses are text, as `canonicalAddress` writes. */
export interface GreSpec {
  readonly type: 'teb' | 'erspan';
  readonly local: string;
  readonly remote: string;
  /** The GRE key of `teb`, the session id of `erspan`. VPP knows no key 0: it is no key at all. */
  readonly id: number;
}

/** What the id of a tunnel is called. */
export const greIdNames: Readonly<Record<GreSpec['type'], string>> = { teb: 'GRE key', erspan: 'ERSPAN session' };

export type GreStep =
  /** With an instance number of ours, by which one that was made but not tagged yet can be recognised. */
  | { readonly kind: 'create-gre'; readonly as: string; readonly instance: number; readonly spec: GreSpec }
  | { readonly kind: 'delete-gre'; readonly at: Ref; readonly spec: GreSpec };

/** A tunnel that carries Ethernet; VPP's other kinds are of no interest here. */
export interface ActualGreTunnel extends GreSpec {
  readonly index: number;
  /** The number in the tunnel's name. */
  readonly instance: number;
}

export interface GreTables {
  /** By interface; `spec`: by {@link greKey}. */
  readonly gres: Table<number, ActualGreTunnel, 'spec' | 'instance'>;
}

export function greKey({ type, local, remote, id }: GreSpec): string {
  return `${type} ${local} ${remote} ${id}`;
}

export const greObject: VppObject<GreStep, GreTables> = {
  steps: {
    'create-gre': {
      describe: (s) => `create ${s.as}: ${text(s.spec)}`,
      undo: (s) => ({ kind: 'delete-gre', at: { ref: s.as }, spec: s.spec }),
      waits: true,
      refs: () => [],
      touches: (s) => ({ interfaces: [{ ref: s.as }] }),
    },
    'delete-gre': {
      describe: (s) => `delete ${nameOf(s.at)}: ${text(s.spec)}`,
      undo: () => null,
      waits: true,
      refs: (s) => [s.at],
      touches: (s) => ({ interfaces: [s.at] }),
    },
  },
  tables: () => ({
    gres: new Table({ spec: (tunnel) => [greKey(tunnel)], instance: ({ instance }) => [instance] }),
  }),
  follow: ({ gres }, { index, now }) => {
    if (!now) gres.delete(index);
  },
  withdraw: () => [],
  deletion: {
    kind: 'delete-gre',
    of: ({ index }, { gres }) => {
      const tunnel = gres.get(index);
      if (!tunnel) return null;
      const { type, local, remote, id } = tunnel;
      return { kind: 'delete-gre', at: { index }, spec: { type, local, remote, id } };
    },
  },
  fingerprint: unseen,
};

function text({ type, local, remote, id }: GreSpec): string {
  return `${greIdNames[type]} ${id} from ${local} to ${remote}`;
}
