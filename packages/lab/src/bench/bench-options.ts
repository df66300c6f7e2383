export const benchNames = [
  'vpp-api',
  'agent',
  'create',
  'compiler',
  'forwarding',
  'recovery',
  'etcd',
  'collector',
  'openstack',
  'statistics',
  'watching',
  'captures',
] as const;
export type BenchName = (typeof benchNames)[number];
/** What is run when nothing is named: all that needs nothing large. */
const usual: readonly BenchName[] = benchNames.filter(
  (name) => name !== 'openstack' && name !== 'collector' && name !== 'etcd' && name !== 'captures',
);

/** What the user asked of the benchmarks. */
export interface BenchOptions {
  readonly only: readonly BenchName[];
  readonly vpp: 'real' | 'sim' | 'auto';
  /** Each benchmark is run so often; the table shows the median of each figure. */
  readonly runs: number;
  readonly out: string;
  /** A checkout of an earlier state, built; null: none. */
  readonly before: string | null;
}

export const benchHelp = `npm run bench [-- OPTIONS]

Measures what the project has set itself to reach, prints a table and writes the figures as JSON. It starts private
processes of its own: etcd, VPP or the simulator, server and agents.

  vpp-api   our client of VPP's binary API beside VPP's Python one (a real VPP only)
  agent     an agent with 10,000 flows on its node: from an empty switch, restart, memory, one flow changed
  create    create to ACTIVE as a client sees it: server, two agents, etcd
  compiler  the cost of one change with 10, 100 and 1,000 nodes of 100 flows each
  forwarding  what taps cost a node's forwarding, beside the Python driver's wiring (a real VPP only)
  recovery  1,000 flows under traffic: the agent killed, VPP killed (a real VPP only)
  etcd      calls to etcd by our transport beside the library's; run when it is named
  collector what a collector that does not read costs the tapped port (a real VPP and dpdk-testpmd, Debian's dpdk-dev,
            only; run when it is named)
  statistics  all counters of 10,000 interfaces, by the statistics segment and by the command line (a real VPP only)
  watching  what an agent costs while nothing changes: 1,000 flows under traffic; beside an earlier state of it (a real VPP only)
  captures  a capture at 1,000, 10,000 and 50,000 packets a second: what is lost, and what it costs (a real VPP and root only;
            run when it is named)
  openstack our server beside a real Neutron with upstream's plugin, with a real Keystone; installs Debian's packages of
            them where they are missing, and so is run only when it is named

  --only NAME[,NAME]  these alone; default: all but etcd, collector, captures and openstack
  --vpp real|sim      a real VPP (the vpp of VPP_PREFIX or of the PATH) or the simulator; default: real if there is one
  --runs N            runs of each, 1 to 20; the table shows the median of each figure; default 3
  --before DIR        a checkout of an earlier state, installed and built: watching measures its agent in turns with this one's
  --out FILE          where the JSON goes; default bench-out/results.json
  --help              this text

Exit code 0, also where a target is not reached (the table says so); 1 when a benchmark could not run.`;

/** What parseArgs of Node.js gives for the flags. */
export type BenchFlags = Readonly<Record<string, string | boolean | undefined>>;

/**
 * @throws Error naming the option that is wrong and what it may be
 */
export function benchOptions(flags: BenchFlags): BenchOptions {
  const { only, vpp = 'auto', runs = '3', out = 'bench-out/results.json', before = null } = flags;
  if (vpp !== 'real' && vpp !== 'sim' && vpp !== 'auto') throw new Error(`--vpp ${vpp}: it is one of real, sim`);
  if (typeof runs !== 'string' || !/^\d+$/.test(runs) || Number(runs) < 1 || Number(runs) > 20)
    throw new Error(`--runs ${runs}: it is a number from 1 to 20`);
  if (typeof out !== 'string' || out === '') throw new Error('--out needs the name of a file');
  if (before !== null && (typeof before !== 'string' || before === ''))
    throw new Error('--before needs the name of a folder');
  return {
    before,
    only: typeof only === 'string' ? only.split(',').map(benchName) : usual,
    vpp,
    runs: Number(runs),
    out,
  };
}

function benchName(text: string): BenchName {
  const name = benchNames.find((each) => each === text);
  if (name === undefined) throw new Error(`--only ${text}: it is one of ${benchNames.join(', ')}`);
  return name;
}
