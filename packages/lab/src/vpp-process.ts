import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import type { Clock } from '@taas/service';

/** A VPP that can be started: its binary, and how it says what it is. */
export interface VppBinary {
  readonly path: string;
  /** Why this one, for people: `VPP_PREFIX` or `PATH`. */
  readonly foundBy: string;
  readonly version: string;
}

/** The `vpp` under VPP_PREFIX, else on the PATH; undefined with the reason if there is none that runs. */
export function findVpp(env: NodeJS.ProcessEnv): VppBinary | { readonly missing: string } {
  const prefix = env['VPP_PREFIX'];
  const candidates = prefix
    ? [join(prefix, 'bin', 'vpp')]
    : (env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'vpp'));
  const path = candidates.find(executable);
  if (path === undefined)
    return {
      missing: prefix ? `no bin/vpp under VPP_PREFIX (${prefix})` : 'no vpp on the PATH, and VPP_PREFIX is not set',
    };
  const run = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  const version =
    run.status === 0 ? (/vpp (v\S+)/.exec(run.stdout)?.[1] ?? run.stdout.trim()) : releaseOfLibraries(path);
  if (version === undefined) return { missing: `${path} --version failed: ${run.stderr || run.error?.message}` };
  return { path, foundBy: prefix ? 'VPP_PREFIX' : 'PATH', version };
}

/** Older VPPs do not say their version without being started; their libraries' names do. */
function releaseOfLibraries(path: string): string | undefined {
  const { stdout } = spawnSync('ldd', [path], { encoding: 'utf8', timeout: 10_000 });
  const release = /libvlib\.so\.(\d+\.\d+)/.exec(stdout ?? '')?.[1];
  return release === undefined ? undefined : `v${release}`;
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const usualPlugins = ['acl', 'af_packet', 'gre', 'memif', 'ping', 'policer', 'vhost', 'vxlan'];

export interface VppTuning {
  /**
   * Microseconds that VPP sleeps between two rounds of its main loop; 0: it answers at once and takes a whole core. The
   * default leaves the core to the test beside it.
   */
  readonly pollSleepMicroseconds?: number;
  /** Size of the statistics segment, where VPP keeps several counters for each interface. Default: VPP's own, 32. */
  readonly statsMegabytes?: number;
  /** Threads that forward, apart from the main thread. Default: none, the main thread forwards too. */
  readonly workers?: number;
  /** Packet buffers, of some 2.3 kB each. Default: 16,384. */
  readonly buffers?: number;
  /** Plugins besides the usual ones; one that this VPP does not have is no error. */
  readonly plugins?: readonly string[];
  /** The group, by its number, to which VPP gives its sockets. Default: root's. */
  readonly group?: number;
}

/** One VPP process in a directory of its own: no DPDK, no hugepages, nothing shared with a VPP that already runs. */
export class VppProcess {
  readonly apiSocket: string;
  #process: ChildProcess | undefined;

  constructor(
    private readonly binary: VppBinary,
    readonly directory: string,
    private readonly name: string,
    private readonly clock: Clock,
    private readonly tuning: VppTuning = {},
  ) {
    this.apiSocket = join(directory, 'api.sock');
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /**
   * Starts VPP and resolves when its API socket accepts.
   * @throws Error when VPP ends before, or does not answer within 20 seconds; VPP's own log is in `vpp.log` there
   */
  async start(): Promise<void> {
    mkdirSync(join(this.directory, 'run'), { recursive: true });
    for (const socket of ['api.sock', 'cli.sock', 'stats.sock']) rmSync(join(this.directory, socket), { force: true });
    const config = join(this.directory, 'startup.conf');
    writeFileSync(config, startupConfiguration(this.binary, this.directory, this.name, this.tuning));
    const log = openSync(join(this.directory, 'vpp.log'), 'a');
    const child = spawn(this.binary.path, ['-c', config], { stdio: ['ignore', log, log] });
    closeSync(log);
    this.#process = child;
    const deadline = this.clock.monotonic() + 20_000;
    while (!(await accepts(this.apiSocket))) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(
          `VPP ended at its start (exit ${child.exitCode ?? child.signalCode}); see ${this.directory}/vpp.log`,
        );
      if (this.clock.monotonic() > deadline) throw new Error(`VPP did not open ${this.apiSocket} within 20 s`);
      await this.clock.sleep(20);
    }
  }

  /** kill -9, and resolves when the process is gone. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    });
  }
}

/**
 * The `startup.conf` of a VPP that shares nothing with another one.
 * @param directory where its sockets and files are to be; `run` below it has to be there
 * @param name names its shared memory
 */
export function startupConfiguration(
  binary: VppBinary,
  directory: string,
  name: string,
  tuning: VppTuning = {},
): string {
  const path = (file: string) => join(directory, file);
  const { plugins = [], pollSleepMicroseconds = 50, statsMegabytes, workers = 0, buffers = 16_384, group } = tuning;
  const enabled = [...usualPlugins, ...plugins].map((plugin) => `plugin ${plugin}_plugin.so { enable }`).join(' ');
  const pause = pollSleepMicroseconds === 0 ? '' : `poll-sleep-usec ${pollSleepMicroseconds}`;
  const gid = group === undefined ? '' : `gid ${group}`;
  const statsSize = statsMegabytes === undefined ? '' : `size ${statsMegabytes}M`;
  return [
    `unix { nodaemon nosyslog cli-listen ${path('cli.sock')} runtime-dir ${path('run')} ${pause} ${gid} }`,
    `socksvr { socket-name ${path('api.sock')} }`,
    `api-segment { prefix ${name} }`,
    `statseg { socket-name ${path('stats.sock')} ${statsSize} }`,
    ...(workers > 0 ? [`cpu { workers ${workers} }`] : []),
    `buffers { buffers-per-numa ${buffers} ${hasPageSize(binary.version) ? 'page-size 4K' : ''} }`,
    `plugins { path ${pluginFolder(binary.path)} plugin default { disable } ${enabled} }`,
    '',
  ].join('\n');
}

/** Buffers have had pages of their own size since 21.01; a VPP that says no release is a new one. */
function hasPageSize(version: string): boolean {
  const [, year, month] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
  return year === undefined || Number(year) * 100 + Number(month) >= 2101;
}

function pluginFolder(binary: string): string {
  const prefix = dirname(dirname(binary));
  const candidates = ['lib/x86_64-linux-gnu', 'lib/aarch64-linux-gnu', 'lib64', 'lib'].map((lib) =>
    join(prefix, lib, 'vpp_plugins'),
  );
  return candidates.find(executable) ?? join(prefix, 'lib', 'vpp_plugins');
}

function accepts(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectSocket(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
