import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram, silentLogger, systemClock, UsageError } from '@taas/service';
import { findEtcd } from '@taas/store';
import { Cloud } from '../cloud.js';
import { findVpp, type VppBinary } from '../vpp-process.js';
import { type DemoFlags, type DemoOptions, demoHelp, demoOptions } from './demo-options.js';
import { runDemo } from './demo-run.js';

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
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  const directory = mkdtempSync(join(tmpdir(), 'taas-demo-'));
  let cloud: Cloud | undefined;
  try {
    const vpp = chooseVpp(options, say);
    const etcd = chooseStore(options, say);
    cloud = await Cloud.start({
      directory,
      vpp,
      etcd,
      nodes: ['node-a', 'node-b'],
      transport: options.transport,
      clock: systemClock,
      logger: silentLogger,
    });
    say(`cloud: ${cloud.describe()}`);
    const outcome = await runDemo(cloud, options, systemClock, say);
    if (options.keep) await keep(cloud, stop, say);
    say(`demo: ${outcome.verdict.text}`);
    return outcome.verdict.ok ? 0 : 1;
  } catch (error) {
    say(`demo: FAILED: ${error instanceof Error ? reasons(error) : String(error)}`);
    return 1;
  } finally {
    await cloud?.stop();
    rmSync(directory, { recursive: true, force: true });
  }
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
  say(`  curl -s ${cloud.url}/readyz`);
  for (const line of cloud.access()) say(`  ${line}`);
  await new Promise<void>((resolve) => {
    if (stop.aborted) resolve();
    else stop.addEventListener('abort', () => resolve(), { once: true });
  });
}

function reasons(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${reasons(error.cause)}` : error.message;
}
