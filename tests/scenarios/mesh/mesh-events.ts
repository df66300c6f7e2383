import fc from 'fast-check';
import { type Direction, portCount } from './mesh-model.js';

/** What users, Neutron, networking-vpp, operators and accidents do. `nth` is taken modulo what there is. */
export type MeshEvent =
  | { readonly do: 'create-service'; readonly port: number }
  | { readonly do: 'create-flow'; readonly nth: number; readonly port: number; readonly direction: Direction }
  | { readonly do: 'delete-service' | 'delete-flow'; readonly nth: number }
  /** Neutron binds the port on a node, and networking-vpp makes it there; `late`: it is bound, and made at another time. */
  | { readonly do: 'place'; readonly port: number; readonly node: number; readonly late: boolean }
  | {
      readonly do: 'plug' | 'unplug' | 'replug' | 'unbind' | 'leave' | 'join' | 'leave-and-join';
      readonly port: number;
    }
  | { readonly do: 'restart-agent' | 'restart-switch' | 'drop-connection'; readonly node: number }
  | { readonly do: 'restart-server' | 'store-away' | 'break-followers' };

const port = fc.nat(portCount - 1);
const node = fc.nat(2);
const nth = fc.nat(9);
const direction = fc.constantFrom<Direction>('IN', 'OUT', 'BOTH');

export const meshEvent: fc.Arbitrary<MeshEvent> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant('create-service' as const), port }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('create-flow' as const), nth, port, direction }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('delete-service' as const, 'delete-flow' as const), nth }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('place' as const), port, node, late: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom(...(['plug', 'unplug', 'replug', 'unbind', 'leave', 'join', 'leave-and-join'] as const)),
      port,
    }),
  },
  // VPP's most treacherous moment: the table of mirrors stands, and nothing is copied any more. Ports 0 and 1 are tapped.
  { weight: 2, arbitrary: fc.record({ do: fc.constant('leave-and-join' as const), port: fc.nat(1) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('restart-agent' as const, 'restart-switch' as const, 'drop-connection' as const),
      node,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('restart-server' as const, 'store-away' as const, 'break-followers' as const),
    }),
  },
);

export interface Mesh {
  readonly nodes: number;
  readonly transport: 'vlan' | 'vxlan';
  /** Where each port is at the beginning. */
  readonly places: readonly number[];
  /** After each batch everything must come to rest, and be right. */
  readonly batches: readonly (readonly MeshEvent[])[];
}

/** Something to begin with, so that most of what happens, happens to taps. */
const beginning: readonly MeshEvent[] = [
  { do: 'create-service', port: 3 },
  { do: 'create-flow', nth: 0, port: 0, direction: 'BOTH' },
  { do: 'create-flow', nth: 0, port: 1, direction: 'BOTH' },
];

export const mesh: fc.Arbitrary<Mesh> = fc
  .record({
    nodes: fc.integer({ min: 2, max: 3 }),
    transport: fc.constantFrom('vlan' as const, 'vxlan' as const),
    places: fc.array(node, { minLength: portCount, maxLength: portCount }),
    used: fc.boolean(),
    batches: fc.array(fc.array(meshEvent, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 }),
  })
  .map(({ used, batches, ...rest }) => ({ ...rest, batches: used ? [beginning, ...batches] : batches }));
