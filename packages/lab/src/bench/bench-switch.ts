import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { agentMessages, connect } from 'vpp-api';
import { RealSwitch } from '../real-switch.js';
import type { BenchContext } from './bench-context.js';

/** A switch in a process of its own, so that it does not share the measured program's event loop. */
export interface BenchSwitch {
  readonly description: string;
  readonly apiSocket: string;
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

export interface BenchPort {
  readonly id: string;
  readonly bridgeDomain: number;
}

/** A real VPP if there is one, else the simulator's program, with these ports on it. */
export function startBenchSwitch(context: BenchContext, ports: readonly BenchPort[]): Promise<BenchSwitch> {
  return context.vpp === undefined ? startSimulator(context, ports) : startVpp(context, ports);
}

async function startVpp(context: BenchContext, ports: readonly BenchPort[]): Promise<BenchSwitch> {
  if (context.vpp === undefined) throw new Error(context.vppMissing);
  const vpp = new RealSwitch(context.vpp, context.directory, `bench-${process.pid}`, context.clock, {
    statsMegabytes: 512,
  });
  try {
    await vpp.start();
    for (const port of ports) await vpp.addPort(port);
  } catch (error) {
    await vpp.stop();
    throw error;
  }
  return vpp;
}

async function startSimulator(context: BenchContext, ports: readonly BenchPort[]): Promise<BenchSwitch> {
  const apiSocket = join(context.directory, 'sim.sock');
  const script = fileURLToPath(new URL('../../../vpp-sim/bin/vpp-sim.js', import.meta.url));
  const devices = ports.flatMap(({ id, bridgeDomain }) => [
    '--port',
    `port-${id},tag=net-vpp.port:${id},bd=${bridgeDomain}`,
  ]);
  const child = spawn(process.execPath, [script, '--socket', apiSocket, ...devices], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const deadline = context.clock.monotonic() + 20_000;
  while (!existsSync(apiSocket)) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('the simulator ended at its start');
    if (context.clock.monotonic() > deadline) throw new Error('the simulator is not ready after 20 s');
    await context.clock.sleep(20);
  }
  return { description: 'simulator in a process of its own', apiSocket, pid: child.pid, stop: () => ended(child) };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}

const every = 0xffffffff;

/** All that taps consist of in a switch, as text: two that are equal tell that nothing was changed in between. */
export async function configurationOf(apiSocket: string): Promise<string> {
  const client = await connect({ socketPath: apiSocket, clientName: 'bench-look', messages: agentMessages });
  try {
    const parts = await Promise.all([
      client.dump('sw_interface_dump', { sw_if_index: every, name_filter_valid: false, name_filter: '' }),
      client.dump('bridge_domain_dump', { bd_id: every, sw_if_index: every }),
      client.dump('sw_interface_span_dump', { is_l2: true }),
      client.dump('acl_dump', { acl_index: every }),
    ]);
    return JSON.stringify(parts, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}` : value));
  } finally {
    await client.close();
  }
}
