import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeCapture } from '@taas/packets';
import type { Clock } from '@taas/service';
import type { Cloud } from '../cloud/cloud.js';
import type { Frame, LabPort } from '../lab-switch.js';
import type { DemoOptions } from './demo-options.js';
import { type Collector, runPhase, type TappedVm } from './demo-phase.js';
import { type DemoVerdict, type FlowResult, judge, renderTable } from './demo-report.js';
import type { VmTraffic } from './demo-traffic.js';

const project = 'demo-project';

/** What the demo made, for whoever wants to go on with it (--keep). */
export interface DemoOutcome {
  readonly verdict: DemoVerdict;
  readonly tapServiceId: string;
}

/**
 * The demo's main job on a cloud that runs: ports, a tap service on node-b, a flow from a port beside it and one from
 * node-a, real frames through both, and the comparison.
 * @param say one line of progress or result
 */
export async function runDemo(
  cloud: Cloud,
  options: DemoOptions,
  traffic: readonly [VmTraffic, VmTraffic],
  clock: Clock,
  say: (line: string) => void,
): Promise<DemoOutcome> {
  const vms = [
    await makeVm(cloud, 'node-b', 'local (node-b to node-b)', 1, traffic[0]),
    await makeVm(cloud, 'node-a', 'remote (node-a to node-b)', 2, traffic[1]),
  ];
  const collector: Collector = {
    switch: cloud.node('node-b').switch,
    port: await cloud.addPort('node-b', { id: portId(9), bridgeDomain: 30 }, project),
  };
  say('ports: two VMs to tap, a neighbour of each, and the collector');

  const client = cloud.client(project);
  const asked = clock.monotonic();
  const service = await client.createTapService('demo-service', collector.port.id);
  const flows = [];
  for (const vm of vms)
    flows.push(
      await client.createTapFlow({
        name: vm.flow,
        tapServiceId: service.id,
        sourcePort: vm.source.id,
        direction: options.direction,
      }),
    );
  await client.until('tap_services', service.id, 'ACTIVE');
  for (const flow of flows) await client.until('tap_flows', flow.id, 'ACTIVE');
  say(`tap service and ${flows.length} tap flows: ACTIVE after ${Math.round(clock.monotonic() - asked)} ms`);

  const results: FlowResult[] = [];
  const collected: Frame[] = [];
  let foreign = 0;
  for (const vm of vms)
    for (const direction of ['OUT', 'IN'] as const) {
      const phase = await runPhase(vm, collector, direction, options.direction, clock);
      results.push(phase.result);
      collected.push(...phase.collected);
      foreign += phase.foreign;
      say(`${vm.flow}, ${direction}: ${phase.result.sent} frames sent, ${phase.collected.length} at the collector`);
    }
  await writeCollected(options.out, collected, clock.now());
  say(`the collector's frames: ${join(options.out, 'collector.pcap')}`);
  for (const line of ['', ...renderTable(results), '']) say(line);
  return { verdict: judge(results, foreign), tapServiceId: service.id };
}

async function makeVm(cloud: Cloud, node: string, flow: string, n: number, traffic: VmTraffic): Promise<TappedVm> {
  const source: LabPort = await cloud.addPort(node, { id: portId(n), bridgeDomain: 20 }, project);
  const neighbour = await cloud.addPort(node, { id: portId(n + 4), bridgeDomain: 20 }, project);
  return { flow, traffic, switch: cloud.node(node).switch, source, neighbour };
}

function portId(n: number): string {
  return `00000000-0000-4000-8000-${n.toString().padStart(12, '0')}`;
}

async function writeCollected(folder: string, frames: readonly Frame[], nowMs: number): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const start = BigInt(Math.round(nowMs)) * 1_000_000n;
  // VPP's capture has no clock worth showing: a microsecond apart keeps the order visible in Wireshark.
  const timed = frames.map((frame, i) => ({ frame, timeNs: start + BigInt(i) * 1_000n }));
  await writeCapture(join(folder, 'collector.pcap'), timed);
}
