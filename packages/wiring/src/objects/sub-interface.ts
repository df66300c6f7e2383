import { nameOf, type Ref, unseen, type VppObject } from './object.js';

export type SubInterfaceStep =
  /** For frames with this tag first, whatever follows. */
  | { readonly kind: 'create-vlan'; readonly as: string; readonly parent: number; readonly vlan: number }
  /** For frames with these two tags and no third. */
  | {
      readonly kind: 'create-two-tags';
      readonly as: string;
      readonly parent: number;
      readonly outer: number;
      readonly inner: number;
      readonly subId: number;
    }
  | { readonly kind: 'delete-vlan'; readonly at: Ref }
  | { readonly kind: 'set-rewrite'; readonly at: Ref; readonly pop: 0 | 1; readonly before: 0 | 1 };

/** A sub-interface for one VLAN of its parent; the table of interfaces says all of it. */
export const subInterfaceObject: VppObject<SubInterfaceStep, object> = {
  steps: {
    'create-vlan': {
      describe: (s) => `create ${s.as}: VLAN ${s.vlan} on interface ${s.parent}`,
      undo: (s) => ({ kind: 'delete-vlan', at: { ref: s.as } }),
      waits: true,
      refs: () => [],
      touches: (s) => ({ interfaces: [{ ref: s.as }] }),
    },
    'create-two-tags': {
      describe: (s) => `create ${s.as}: VLAN ${s.outer} with VLAN ${s.inner} within on interface ${s.parent}`,
      undo: (s) => ({ kind: 'delete-vlan', at: { ref: s.as } }),
      waits: true,
      refs: () => [],
      touches: (s) => ({ interfaces: [{ ref: s.as }] }),
    },
    'delete-vlan': {
      describe: (s) => `delete ${nameOf(s.at)}`,
      undo: () => null,
      waits: true,
      refs: (s) => [s.at],
      touches: (s) => ({ interfaces: [s.at] }),
    },
    'set-rewrite': {
      describe: (s) => `${nameOf(s.at)}: ${s.pop === 1 ? 'pop one VLAN tag' : 'no tag rewrite'}`,
      undo: (s) => ({ kind: 'set-rewrite', at: s.at, pop: s.before, before: s.pop }),
      waits: false,
      refs: (s) => [s.at],
      touches: (s) => ({ interfaces: [s.at] }),
    },
  },
  tables: () => ({}),
  follow: () => undefined,
  withdraw: () => [],
  deletion: { kind: 'delete-vlan', of: ({ index }) => ({ kind: 'delete-vlan', at: { index } }) },
  fingerprint: unseen,
};
