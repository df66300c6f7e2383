import { parseOwnTag } from '@taas/wiring';
import { policers } from './objects/policer.js';
import type { Vpp } from './vpp-messages.js';

export interface Count {
  readonly packets: number;
  readonly bytes: number;
}

/** What a policer has counted since it was made. */
export interface PolicerCounts {
  readonly passed: Count;
  readonly dropped: Count;
}

/** Whether VPP has policers that a budget can be kept with. */
export function canCountPolicers(vpp: Pick<Vpp, 'has'>): boolean {
  return policers.isOn(vpp);
}

/** What our policers have counted: VPP says so by its command line, and in its statistics segment, but by no message. */
export async function readCounts(vpp: Vpp, odd: (name: string) => void): Promise<Map<string, PolicerCounts>> {
  return parseCounts((await vpp.request('cli_inband', { cmd: 'show policer' })).reply, odd);
}

/**
 * Reads the output of `show policer` (VPP's plugins/policer/policer_cli.c), of policers with names of ours.
 * @param odd is told of one whose counts cannot be read
 */
export function parseCounts(text: string, odd: (name: string) => void): Map<string, PolicerCounts> {
  const found = new Map<string, PolicerCounts>();
  for (const paragraph of text.split(/^Name /m).slice(1)) {
    const name = /^"([^"]*)"/.exec(paragraph)?.[1] ?? '';
    const [passed, exceeded, violated] = ['conform', 'exceed', 'violate'].map((colour) => {
      const line = new RegExp(`^${colour} (\\d+) packets, (\\d+) bytes`, 'm').exec(paragraph);
      return line ? { packets: Number(line[1]), bytes: Number(line[2]) } : undefined;
    });
    if (parseOwnTag(name) === null) continue;
    if (!passed || !exceeded || !violated) {
      odd(name);
      continue;
    }
    const dropped = { packets: exceeded.packets + violated.packets, bytes: exceeded.bytes + violated.bytes };
    found.set(name, { passed, dropped });
  }
  return found;
}
