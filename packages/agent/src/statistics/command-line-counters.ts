import { VppRetvalError } from 'vpp-api';
import { type InterfaceCounters, readCounters } from '../vpp/show-interface.js';
import type { Vpp } from '../vpp/vpp-messages.js';

/**
 * What VPP's `show interface` prints under these names, by sw_if_index. VPP answers under its barrier, and shows none of them if one
 * is gone, or is a name that its command line cannot read: then the halves are asked for, so that it costs nobody else.
 * @throws VppError when VPP does not answer
 */
export async function commandLineCounters(
  vpp: Vpp,
  names: readonly string[],
): Promise<ReadonlyMap<number, InterfaceCounters>> {
  if (names.length === 0) return new Map();
  try {
    return readCounters((await vpp.request('cli_inband', { cmd: `show interface ${names.join(' ')}` })).reply);
  } catch (error) {
    if (!(error instanceof VppRetvalError)) throw error;
    if (names.length <= 1) return new Map();
    const middle = Math.ceil(names.length / 2);
    const halves = [names.slice(0, middle), names.slice(middle)].map((half) => commandLineCounters(vpp, half));
    return new Map((await Promise.all(halves)).flatMap((half) => [...half]));
  }
}
