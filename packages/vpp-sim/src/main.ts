import { once } from 'node:events';
import { type DeviceArgument, readCommandLine, USAGE, UsageError } from './command-line.js';
import type { PortOptions } from './port.js';
import { createSimulator, type Simulator } from './simulator.js';

/** Runs a simulator until SIGINT or SIGTERM; resolves to the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const line = readCommandLine(args);
    if (line === undefined) {
      process.stdout.write(USAGE);
      return 0;
    }
    const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    const simulator = await createSimulator({
      socketPath: line.socket,
      name: line.name,
      logger: { warn: (_fields, message) => process.stderr.write(`vpp-sim: ${message}\n`) },
    });
    for (const device of line.ports) await addDevice(simulator, 'addPort', device);
    for (const device of line.uplinks) await addDevice(simulator, 'addUplink', device);
    process.stdout.write(`vpp-sim ${line.name} listens on ${line.socket}\n`);
    await stopped;
    await simulator.stop();
    return 0;
  } catch (error) {
    process.stderr.write(`vpp-sim: ${error instanceof Error ? error.message : String(error)}\n`);
    if (error instanceof UsageError) process.stderr.write('Try vpp-sim --help\n');
    return error instanceof UsageError ? 2 : 1;
  }
}

async function addDevice(simulator: Simulator, how: 'addPort' | 'addUplink', device: DeviceArgument): Promise<void> {
  const options: PortOptions = {
    name: device.name,
    ...(device.tag === undefined ? {} : { tag: device.tag }),
    ...(device.bridgeDomain === undefined ? {} : { bridgeDomain: device.bridgeDomain }),
  };
  const port = simulator[how](options);
  if (device.socket !== undefined) await simulator.openPortSocket(port, device.socket);
}
