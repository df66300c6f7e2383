import type { Policer } from '../engine/policer-table.js';

/** What VPP's command `show policer` prints, but for what depends on its processor. */
export function showPolicer(policers: readonly Policer[]): string {
  return policers.map(paragraph).join('');
}

function paragraph({ index, name, spec, counts }: Policer): string {
  const { conform, violate } = counts;
  return [
    `Name "${name}" type 1r2c cir ${spec.cir} eir ${spec.eir} cb ${spec.cb} eb ${spec.eb}`,
    `rate type ${spec.rateType === 0 ? 'kbps' : 'pps'}, round type closest`,
    'conform action transmit, exceed action drop, violate action drop',
    ' ',
    `Policer at index ${index}: single rate, ${spec.colorAware ? '' : 'not '}color-aware`,
    `conform ${conform.packets} packets, ${conform.bytes} bytes`,
    'exceed 0 packets, 0 bytes',
    `violate ${violate.packets} packets, ${violate.bytes} bytes`,
    '-----------',
    '',
  ].join('\n');
}
