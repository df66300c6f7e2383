import type { ActualRoute } from '@taas/wiring';
import { fromVppAddress, toVppAddress, VppCodecError } from 'vpp-api';
import { anyIndex, type Vpp } from '../vpp-messages.js';
import { readInterface } from './interface.js';
import { type ReadContext, type Twin, unread } from './twin.js';

/** Which addresses matter is known when taps are planned: the ways to those are read then, and no others. */
export const routeTwin: Twin<never> = { send: {}, ...unread };

/** Reads the ways to these addresses, with the interfaces that they take. */
export async function readRoutes(context: ReadContext, remotes: ReadonlySet<string>): Promise<void> {
  const out = new Set<number>();
  await Promise.all(
    [...remotes].map(async (address) => {
      const route = await routeTo(context, address);
      context.snapshot.routes.put(address, route);
      if (route.to === 'interface') out.add(route.index);
    }),
  );
  await Promise.all([...out].map((index) => readInterface(context, index)));
}

/** An address that VPP has no words for is one that nothing leads to; whoever wants to send there is told so. */
async function routeTo({ vpp, contained }: ReadContext, address: string): Promise<ActualRoute> {
  try {
    return await lookUpRoute(vpp, address);
  } catch (error) {
    if (!(error instanceof VppCodecError) || contained.ends(error)) throw error;
    return { to: 'nowhere' };
  }
}

const normalPath = 0;
const localPath = 1;
/** Routes through routes: more than an operator would stack. */
const deepest = 8;

/**
 * Where VPP would send packets for an address. A path without an interface is a route through another address
 * (vnet/fib/fib_types.api), which is looked up in turn.
 */
async function lookUpRoute(vpp: Vpp, address: string): Promise<ActualRoute> {
  let next = address;
  for (let depth = 0; depth < deepest; depth++) {
    const { route } = await vpp.request('ip_route_lookup', {
      table_id: 0,
      exact: 0,
      prefix: { address: toVppAddress(next), len: next.includes(':') ? 128 : 32 },
    });
    const [first] = route.paths;
    if (first?.type === localPath) return depth === 0 ? { to: 'self' } : { to: 'nowhere' };
    if (first?.type !== normalPath) return { to: 'nowhere' };
    if (first.sw_if_index !== anyIndex) return { to: 'interface', index: first.sw_if_index };
    next = fromVppAddress({ af: first.proto === 1 ? 1 : 0, un: first.nh.address });
  }
  return { to: 'nowhere' };
}
