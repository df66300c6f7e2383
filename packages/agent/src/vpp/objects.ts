import type { ActualInterface } from '@taas/wiring';
import type { AgentMessages, DetailsFields, DumpFields, DumpName } from 'vpp-api';
import type { Contained } from '../contained.js';
import { anyIndex, type Vpp } from './vpp-messages.js';

export const allInterfaces = { sw_if_index: anyIndex, name_filter_valid: false, name_filter: '' } as const;

/** The field that tells the objects of a dump apart. */
const names = ['sw_if_index', 'bd_id', 'acl_index'] as const;

/**
 * What VPP lists. An object whose description cannot be read keeps nobody from the others: it is logged, and `odd` has its
 * number if that much of it could be read. Only a dump that fails as a whole is an error.
 */
export async function listObjects<N extends DumpName<AgentMessages>>(
  vpp: Vpp,
  contained: Contained,
  dump: N,
  fields: DumpFields<AgentMessages, N>,
): Promise<{ readonly details: readonly DetailsFields<AgentMessages, N>[]; readonly odd: ReadonlySet<number> }> {
  const odd = new Set<number>();
  const details = await vpp.dump(dump, fields, {
    unreadable: (error, known) => {
      const number = names.map((name) => known[name]).find((value) => typeof value === 'number');
      contained.note(`an object of ${dump}${number === undefined ? '' : `, ${number}`}`, error);
      if (number !== undefined) odd.add(number);
    },
  });
  return { details, odd };
}

/**
 * An interface of which we cannot make sense: it is there, so that mirrors of others to and from it are left alone, and it is
 * nobody's port, no uplink, and not ours.
 */
export function strangeInterface(index: number): ActualInterface {
  return {
    ...{ index, name: `unreadable ${index}`, tag: '', supIndex: index, subId: 0, vlan: null },
    ...{ adminUp: false, mac: '', rewrite: 0 },
  };
}
