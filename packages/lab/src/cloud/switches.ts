import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LabSwitch } from '../lab-switch.js';
import { RealSwitch } from '../real-switch.js';
import { SimSwitch } from '../sim-switch.js';
import { SimWire } from '../sim-wire.js';
import type { VppBinary } from '../vpp-process.js';
import { physnet, tunnelAddress } from './cloud-network.js';
import type { CloudOptions } from './cloud-options.js';

/** What ends a part; called in reverse order of the parts. */
export type Closers = (() => Promise<unknown>)[];

/**
 * A switch a node, each with an uplink to a network between them and an address for tunnels there.
 * @param closers is given what stops each switch as soon as it is there
 */
export function startSwitches(
  options: CloudOptions,
  directory: string,
  closers: Closers,
): Promise<ReadonlyMap<string, LabSwitch>> {
  const { switch: choice } = options;
  return choice === 'simulated'
    ? startSimulated(options, directory, closers)
    : startReal(options, choice, directory, closers);
}

async function startSimulated(
  { nodes, ip6, release }: CloudOptions,
  directory: string,
  closers: Closers,
): Promise<ReadonlyMap<string, LabSwitch>> {
  const wire = new SimWire();
  const switches = new Map<string, LabSwitch>();
  for (const [n, name] of nodes.entries()) {
    const sim = await SimSwitch.start(folder(directory, name), name, release);
    closers.push(() => sim.stop());
    sim.addUplink(wire, { physnet, tunnelAddress: tunnelAddress(n, ip6) });
    switches.set(name, sim);
  }
  return switches;
}

async function startReal(
  { nodes, ip6, clock, tuning }: CloudOptions,
  binary: VppBinary,
  directory: string,
  closers: Closers,
): Promise<ReadonlyMap<string, LabSwitch>> {
  const start = async (name: string) => {
    const vpp = new RealSwitch(binary, folder(directory, name), `${name}-${randomUUID().slice(0, 8)}`, clock, tuning);
    closers.push(() => vpp.stop());
    await vpp.start();
    return vpp;
  };
  const switches = new Map<string, RealSwitch>();
  for (const name of nodes) switches.set(name, await start(name));
  const ends = [...switches.values()].map((node, n) => ({ node, tunnelAddress: tunnelAddress(n, ip6) }));
  const [a, b, ...more] = ends;
  // A memif joins two: one more VPP is the network between three.
  if (more.length > 0) await RealSwitch.joinBy(await start('wire'), ends, physnet);
  else if (a && b) await RealSwitch.join(a.node, b.node, physnet, [a.tunnelAddress, b.tunnelAddress]);
  return switches;
}

function folder(directory: string, name: string): string {
  const made = join(directory, name);
  mkdirSync(made, { recursive: true });
  return made;
}
