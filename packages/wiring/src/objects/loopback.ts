import { nameOf, type Ref, unseen, type VppObject } from './object.js';

export type LoopbackStep =
  | { readonly kind: 'create-loopback'; readonly as: string; readonly mac: string }
  | { readonly kind: 'delete-loopback'; readonly at: Ref };

export const loopbackObject: VppObject<LoopbackStep, object> = {
  steps: {
    'create-loopback': {
      describe: (s) => `create ${s.as} with MAC address ${s.mac}`,
      undo: (s) => ({ kind: 'delete-loopback', at: { ref: s.as } }),
      waits: false,
      refs: () => [],
      touches: (s) => ({ interfaces: [{ ref: s.as }] }),
    },
    'delete-loopback': {
      describe: (s) => `delete ${nameOf(s.at)}`,
      // What was deleted was unwanted; a retry goes on from where it is.
      undo: () => null,
      waits: true,
      refs: (s) => [s.at],
      touches: (s) => ({ interfaces: [s.at] }),
    },
  },
  tables: () => ({}),
  follow: () => undefined,
  withdraw: () => [],
  deletion: { kind: 'delete-loopback', of: ({ index }) => ({ kind: 'delete-loopback', at: { index } }) },
  fingerprint: unseen,
};
