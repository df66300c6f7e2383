import type { Interface } from '../engine/interface.js';

const heading = '              Name               Idx    State  MTU (L3/IP4/IP6/MPLS)     Counter          Count     ';

/** What VPP's command `show interface` prints of these interfaces: counters that are zero are left out. */
export function showInterface(interfaces: readonly Interface[]): string {
  return [heading, ...interfaces.flatMap(paragraph), ''].join('\n');
}

function paragraph({ name, swIfIndex, adminUp, mtu, counters }: Interface): string[] {
  const { rxPackets, rxBytes, txPackets, txBytes, drops, txErrors } = counters;
  const all = { 'rx packets': rxPackets, 'rx bytes': rxBytes, 'tx packets': txPackets, 'tx bytes': txBytes };
  const counted = Object.entries({ ...all, drops, 'tx-error': txErrors }).filter(([, count]) => count > 0);
  const state = adminUp ? 'up' : 'down';
  const head = `${name.padEnd(32)}${String(swIfIndex).padStart(3)} ${state.padStart(9)} ${`${mtu}/0/0/0`.padStart(14)}`;
  const [first, ...more] = counted.map(([what, count]) => `     ${what.padEnd(16)}${String(count).padStart(14)}`);
  return [`${head}${first ?? ''}`, ...more.map((line) => `${' '.repeat(head.length)}${line}`)];
}
