import { tunnelAddressProblem } from '@taas/model';
import { ConfigError, group, healthOptions, logOptions, options } from '@taas/service';
import { etcdOptions, etcdProblems, matchesAny, signingOptions, signingProblems } from '@taas/store';
import { defaultBridgeDomains } from '@taas/wiring';
import Type, { type Static } from 'typebox';
import { unlimitedKbps } from './probes/budget-keeper.js';

const milliseconds = (value: number, minimum: number, maximum: number, description: string) =>
  Type.Integer({ default: value, minimum, maximum, description: `${description}, in milliseconds.` });
const domainId = (value: number, description: string) =>
  Type.Integer({ default: value, minimum: 1, maximum: 0xffffff, description });

/** @param fate what becomes of a tap that copies more kbit/s; of one that copies more packets/s it is always the same */
const limitOptions = (description: string, fate: 'thinned' | 'suspended') =>
  group(
    {
      max_kbps: Type.Optional(
        Type.Integer({
          minimum: 100,
          maximum: unlimitedKbps,
          description: `kbit/s of copies, Ethernet headers included; above it ${fate === 'thinned' ? 'copies are dropped' : 'the taps that copy most are suspended'}.`,
        }),
      ),
      max_pps: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 1_000_000_000,
          description: `Packets/s; above it ${fate === 'thinned' ? 'the tap is suspended' : 'the taps that copy most are suspended'}.`,
        }),
      ),
    },
    description,
  );

/** Every option of `taas-agent`, with its default, unit and range. */
export const agentConfigSchema = options({
  node: Type.String({
    minLength: 1,
    maxLength: 255,
    pattern: '^[^/]+$',
    description: "Name of this node: the host that networking-vpp's agent runs as.",
  }),
  etcd: etcdOptions,
  signing: signingOptions,
  vpp: group(
    {
      api_socket: Type.String({
        default: '/run/vpp/api.sock',
        minLength: 1,
        description: "VPP's API socket. One agent at a time works on it; another one stands by.",
      }),
      api_files: Type.Array(Type.String({ minLength: 1 }), {
        default: [],
        maxItems: 16,
        description:
          "Folders with VPP's *.api.json files, for a VPP before 24.06, which cannot say what its messages are; none: /usr/share/vpp/api and share/vpp/api beside each folder of the PATH.",
      }),
      procdir: Type.String({
        default: '/proc',
        minLength: 1,
        description:
          "Where the processes of VPP's host are seen: its statistics segment is found there. Where it cannot be, stats_socket is asked for it, and then counters are read by VPP's command line.",
      }),
      stats_socket: Type.String({
        default: '/run/vpp/stats.sock',
        description:
          "VPP's socket that hands its statistics segment over, for an agent that may not look at VPP's files; it takes /usr/bin/python3, of 3.9 or newer. Empty: it is not asked.",
      }),
      timeout_ms: milliseconds(10_000, 100, 600_000, 'Time for VPP to answer one request'),
      parallel: Type.Integer({
        default: 64,
        minimum: 1,
        maximum: 1024,
        description: 'Taps that are wired at the same time.',
      }),
    },
    'The switch.',
  ),
  physnets: Type.Array(
    options({
      name: Type.String({ minLength: 1, pattern: '^[^/]+$', description: 'Physical network.' }),
      interface: Type.Optional(
        Type.String({
          minLength: 1,
          description: "VPP's name of its uplink; without it, found by networking-vpp's tag.",
        }),
      ),
    }),
    { default: [], description: 'Physical networks whose uplinks may carry copies to other nodes.' },
  ),
  tunnel_address: Type.Optional(
    Type.String({
      minLength: 2,
      description:
        'Address of VPP on this node: VXLAN tunnels end there, and tap mirrors send from it; without it, neither do.',
    }),
  ),
  bridge_domains: group(
    {
      first: domainId(defaultBridgeDomains[0], 'Lowest id.'),
      last: domainId(defaultBridgeDomains[1], 'Highest id, included.'),
    },
    "Ids of our bridge domains in VPP, away from networking-vpp's and everybody's.",
  ),
  budget: group(
    {
      flow: limitOptions('Of each tap flow, and of each direction of a tap mirror.', 'thinned'),
      node: limitOptions('Of all taps of this node together, as sources.', 'suspended'),
      suspend_ms: milliseconds(30_000, 1000, 3_600_000, 'How long a tap is suspended before it is tried again'),
    },
    'What may be copied; without any of it, all that comes. VPP needs its policer plugin.',
  ),
  intervals: group(
    {
      verify_ms: milliseconds(10_000, 100, 3_600_000, "Between two polls of the whole of VPP's state"),
      liveness_ms: milliseconds(500, 50, 3_600_000, 'Between two polls of whether all of ours in VPP is as it was'),
      budget_ms: milliseconds(1000, 100, 3_600_000, 'Between two polls of what taps copy, if there is a budget'),
      traffic_ms: milliseconds(1000, 50, 3_600_000, 'Between two polls of whether copies move where traffic does'),
      statistics_ms: milliseconds(2000, 100, 3_600_000, 'Between two polls of what taps have copied'),
      port_poll_ms: milliseconds(500, 10, 60_000, 'Between two polls for a port that a tap waits for'),
      retry_first_ms: milliseconds(200, 10, 60_000, 'Before the first retry of a tap that failed; doubles each time'),
      retry_max_ms: milliseconds(30_000, 100, 3_600_000, 'Longest wait between two retries'),
    },
    'How often.',
  ),
  lease_ttl_s: Type.Integer({
    default: 10,
    minimum: 2,
    maximum: 300,
    description: 'Silence of this agent after which its node counts as unattended, in seconds.',
  }),
  statistics: group(
    {
      state_file: Type.String({
        default: '/var/lib/taas-agent/statistics.json',
        minLength: 1,
        description: 'File in which figures survive a restart of the agent; its folder must be writable.',
      }),
    },
    'Figures of what taps copy.',
  ),
  metrics: group(
    {
      per_tap: Type.Boolean({
        default: true,
        description: 'Whether /metrics has series of each tap; off, only those of the agent and of VPP.',
      }),
    },
    'What /metrics shows.',
  ),
  health: healthOptions(9699),
  log: logOptions,
});
export type AgentConfig = Static<typeof agentConfigSchema>;

/**
 * What a schema cannot say of the options.
 * @param source names the configuration in the error
 * @throws ConfigError naming each wrong option
 */
export function checkAgentConfig(config: AgentConfig, source: string): AgentConfig {
  const problems = [...etcdProblems(config.etcd), ...signingProblems(config.signing)];
  if (matchesAny(config.signing.server_names, config.node))
    problems.push(`option "signing.server_names" fits this node's own name: it could tell other nodes what to do`);
  const { first, last } = config.bridge_domains;
  if (first > last) problems.push(`option "bridge_domains.first" (${first}) is above "bridge_domains.last" (${last})`);
  const address = config.tunnel_address === undefined ? null : tunnelAddressProblem(config.tunnel_address);
  if (address !== null) problems.push(`option "tunnel_address" (${config.tunnel_address}) ${address}`);
  const names = config.physnets.map(({ name }) => name);
  for (const name of new Set(names.filter((each, n) => names.indexOf(each) !== n)))
    problems.push(`option "physnets" names ${name} twice`);
  if (problems.length > 0) throw new ConfigError(source, problems);
  return config;
}
