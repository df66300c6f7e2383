import { compareFrames } from '@taas/packets';
import type { Clock } from '@taas/service';
import type { Capture, Frame, LabPort, LabSwitch } from '../lab-switch.js';
import { settled } from '../settle.js';
import type { FlowResult } from './demo-report.js';
import type { VmTraffic } from './demo-traffic.js';

/** A tapped port, the neighbour that talks to it, and the collector, each with the switch that it is on. */
export interface TappedVm {
  readonly flow: string;
  readonly traffic: VmTraffic;
  readonly switch: LabSwitch;
  readonly source: LabPort;
  /** Another port of the same network: frames to the VM enter the switch here. */
  readonly neighbour: LabPort;
}

export interface Collector {
  readonly switch: LabSwitch;
  readonly port: LabPort;
}

export interface PhaseResult {
  readonly result: FlowResult;
  readonly foreign: number;
  readonly collected: readonly Frame[];
}

/**
 * Sends one VM's traffic in one direction and compares what the collector got with what crossed the tapped port. One
 * flow and direction at a time, so that every copy can be told whose it is, whatever the frames look like.
 */
export async function runPhase(
  vm: TappedVm,
  collector: Collector,
  direction: 'IN' | 'OUT',
  wanted: 'IN' | 'OUT' | 'BOTH',
  clock: Clock,
): Promise<PhaseResult> {
  const atCollector = await collector.switch.capture(collector.port);
  const crossed = direction === 'OUT' ? await sendFromVm(vm) : await sendToVm(vm, clock);
  const expected = wanted === 'BOTH' || wanted === direction ? crossed : [];
  await settled(atCollector, clock, { atLeast: expected.length });
  const collected = await atCollector.stop();
  const comparison = compareFrames(expected, collected);
  return {
    collected,
    foreign: comparison.foreign.length,
    result: {
      flow: vm.flow,
      direction,
      sent: crossed.length,
      expected: expected.length,
      copied: comparison.matched,
      lost: comparison.lost.length,
      duplicated: comparison.duplicated.length,
    },
  };
}

async function sendFromVm(vm: TappedVm): Promise<readonly Frame[]> {
  await vm.switch.send(vm.source, vm.traffic.sent);
  return vm.traffic.sent;
}

/** What the VM was given: the switch may rightly keep back frames that are not for it. */
async function sendToVm(vm: TappedVm, clock: Clock): Promise<readonly Frame[]> {
  const atVm: Capture = await vm.switch.capture(vm.source);
  await vm.switch.send(vm.neighbour, vm.traffic.received);
  await settled(atVm, clock, { atLeast: vm.traffic.received.length, timeoutMs: 1_000 });
  return atVm.stop();
}
