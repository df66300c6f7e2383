import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorChain, runProgram, silentLogger, systemClock, UsageError, untilAborted } from '@taas/service';
import { findEtcd } from '@taas/store/testing';
import { Cloud } from '../cloud/cloud.js';
import { accessTo, describeCloud } from '../cloud/cloud-in-words.js';
import { findVpp, type VppBinary } from '../vpp-process.js';
import { refuseWhatDoesNotFit } from './demo-limits.js';
import { type DemoFlags, type DemoOptions, demoHelp, demoOptions } from './demo-options.js';
import { runDemo } from './demo-run.js';
import { demoTraffic } from './demo-traffic.js';

/** `npm run demo`: see {@link demoHelp}. */
export function demoMain(): Promise<void> {
  const value = { type: 'string' } as const;
  return runProgram({
    name: 'demo',
    version: '0.1.0',
    help: demoHelp,
    flags: {
      vpp: value,
      store: value,
      direction: value,
      transport: value,
      pcap: value,
      'vm-mac': value,
      out: value,
      keep: { type: 'boolean' },
    },
    main: (flags, stop) => demo(flags, stop),
  });
}

async function demo(flags: DemoFlags, stop: AbortSignal): Promise<number> {
  const options = usage(() => demoOptions(flags));
  const say = lineWriter();
  const directory = mkdtempSync(join(tmpdir(), 'taas-demo-'));
  let cloud: Cloud | undefined;
  try {
    const traffic = await demoTraffic(options, say);
    const vpp = chooseVpp(options, say);
    refuseWhatDoesNotFit(traffic, vpp === undefined ? 'sim' : 'real', options);
    const etcd = chooseStore(options, say);
    cloud = await Cloud.start({
      directory,
      switch: vpp ?? 'simulated',
      store: etcd === undefined ? 'embedded' : { etcd: { command: etcd } },
      // Processes cannot share a store in memory.
      process: etcd === undefined ? 'in-process' : 'programs',
      nodes: ['node-a', 'node-b'],
      transport: options.transport,
      clock: systemClock,
      logger: silentLogger,
    });
    say(`cloud: ${describeCloud(cloud)}`);
    const outcome = await Promise.race([runDemo(cloud, options, traffic, systemClock, say), stopped(stop)]);
    if (options.keep) await keep(cloud, stop, say);
    say(`demo: ${outcome.verdict.text}`);
    return outcome.verdict.ok ? 0 : 1;
  } catch (thrown) {
    // Ctrl-C reaches VPP and etcd too, so that whatever fails first then is not the reason.
    const error: unknown = stop.aborted ? stop.reason : thrown;
    say(`demo: FAILED: ${errorChain(error)}`);
    return 1;
  } finally {
    await cloud?.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Writes lines until nobody reads any more: a closed pipe must not end the demo before it has tidied up. */
function lineWriter(): (line: string) => void {
  let open = true;
  process.stdout.on('error', () => {
    open = false;
  });
  return (line) => {
    if (open) process.stdout.write(`${line}\n`);
  };
}

/** @throws the reason as soon as the user has asked for an end */
async function stopped(stop: AbortSignal): Promise<never> {
  await untilAborted(stop);
  throw stop.reason;
}

function usage<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** @returns undefined for the simulator */
function chooseVpp(options: DemoOptions, say: (line: string) => void): VppBinary | undefined {
  if (options.vpp === 'sim') {
    say('switch: the simulator, because of --vpp sim');
    return undefined;
  }
  const found = findVpp(process.env);
  if ('path' in found) {
    say(`switch: a real VPP, ${found.path} (${found.version}), found by ${found.foundBy}`);
    return found;
  }
  if (options.vpp === 'real') throw new Error(`--vpp real: ${found.missing}`);
  say(`switch: the simulator, because there is ${found.missing}`);
  return undefined;
}

/** @returns undefined for the embedded store */
function chooseStore(options: DemoOptions, say: (line: string) => void): string | undefined {
  if (options.store === 'embedded') {
    say('store: embedded in this process, because of --store embedded');
    return undefined;
  }
  const found = findEtcd();
  if (found !== undefined) {
    say(`store: a private etcd, ${found}`);
    return found;
  }
  if (options.store === 'etcd') throw new Error('--store etcd: there is no etcd on the PATH');
  say('store: embedded in this process, because there is no etcd on the PATH');
  return undefined;
}

async function keep(cloud: Cloud, stop: AbortSignal, say: (line: string) => void): Promise<void> {
  const header = "-H 'X-Project-Id: demo-project'";
  say('everything is left running until Ctrl-C. Try:');
  say(`  curl -s ${header} ${cloud.url}/v2.0/taas/tap_services`);
  say(`  curl -s ${header} ${cloud.url}/v2.0/taas/tap_flows`);
  say(`  curl -s ${cloud.server().health}/readyz`);
  for (const line of accessTo(cloud)) say(`  ${line}`);
  await untilAborted(stop);
}
