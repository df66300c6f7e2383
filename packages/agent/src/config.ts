import { isIP } from 'node:net';
import { ConfigError, logLevels, options } from '@taas/service';
import { defaultBridgeDomains } from '@taas/wiring';
import Type, { type Static, type TObject, type TProperties } from 'typebox';

const milliseconds = (value: number, minimum: number, maximum: number, description: string) =>
  Type.Integer({ default: value, minimum, maximum, description: `${description}, in milliseconds.` });
const domainId = (value: number, description: string) =>
  Type.Integer({ default: value, minimum: 1, maximum: 0xffffff, description });

/** A group of options that may be left out altogether. */
function section<P extends TProperties>(properties: P, description: string): TObject<P> {
  const group = options(properties, description);
  return Object.assign(group, { default: {} });
}

/** Every option of `taas-agent`, with its default, unit and range. */
export const agentConfigSchema = options({
  node: Type.String({
    minLength: 1,
    pattern: '^[^/]+$',
    description: "Name of this node: the host that networking-vpp's agent runs as.",
  }),
  etcd: section(
    {
      endpoints: Type.Array(Type.String(), {
        default: ['http://127.0.0.1:2379'],
        minItems: 1,
        description: 'The members of the etcd cluster that networking-vpp uses, as http(s)://host:port.',
      }),
      user: Type.Optional(Type.String({ minLength: 1, description: 'etcd user; goes with password_file.' })),
      password_file: Type.Optional(
        Type.String({ minLength: 1, description: "File that holds the etcd user's password and nothing else." }),
      ),
      ca_file: Type.Optional(Type.String({ minLength: 1, description: "PEM file of the CA of etcd's certificates." })),
      cert_file: Type.Optional(Type.String({ minLength: 1, description: 'PEM file of our client certificate.' })),
      key_file: Type.Optional(Type.String({ minLength: 1, description: 'PEM file of the key of cert_file.' })),
      timeout_ms: milliseconds(3000, 100, 60_000, 'Time for one attempt of a call at one endpoint'),
    },
    'The store.',
  ),
  vpp: section(
    {
      api_socket: Type.String({ default: '/run/vpp/api.sock', minLength: 1, description: "VPP's API socket." }),
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
      description: 'Address of VPP on this node that VXLAN tunnels end at; without it, none do.',
    }),
  ),
  bridge_domains: section(
    {
      first: domainId(defaultBridgeDomains[0], 'Lowest id.'),
      last: domainId(defaultBridgeDomains[1], 'Highest id, included.'),
    },
    "Ids of our bridge domains in VPP, away from networking-vpp's and everybody's.",
  ),
  intervals: section(
    {
      verify_ms: milliseconds(10_000, 100, 3_600_000, "Between two looks at the whole of VPP's state"),
      port_poll_ms: milliseconds(500, 10, 60_000, 'Between two looks for a port that a tap waits for'),
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
  health: section(
    {
      host: Type.String({ default: '127.0.0.1', description: 'Address of /healthz and /readyz.' }),
      port: Type.Integer({
        default: 9699,
        minimum: 0,
        maximum: 65535,
        description: 'TCP port of /healthz and /readyz; 0 takes a free one.',
      }),
    },
    'What monitoring asks.',
  ),
  log: section(
    { level: Type.Enum([...logLevels], { default: 'info', description: 'Least severe level that is logged.' }) },
    'Logs: JSON lines on standard output.',
  ),
});
export type AgentConfig = Static<typeof agentConfigSchema>;

/**
 * What a schema cannot say of the options.
 * @param source names the configuration in the error
 * @throws ConfigError naming each wrong option
 */
export function checkAgentConfig(config: AgentConfig, source: string): AgentConfig {
  const problems = [...pairProblems(config)];
  const { first, last } = config.bridge_domains;
  if (first > last) problems.push(`option "bridge_domains.first" (${first}) is above "bridge_domains.last" (${last})`);
  if (config.tunnel_address !== undefined && isIP(config.tunnel_address) === 0)
    problems.push(`option "tunnel_address" (${config.tunnel_address}) is not an IP address`);
  const names = config.physnets.map(({ name }) => name);
  for (const name of new Set(names.filter((each, n) => names.indexOf(each) !== n)))
    problems.push(`option "physnets" names ${name} twice`);
  if (problems.length > 0) throw new ConfigError(source, problems);
  return config;
}

function pairProblems({ etcd }: AgentConfig): string[] {
  const found: string[] = [];
  if ((etcd.user === undefined) !== (etcd.password_file === undefined))
    found.push('options "etcd.user" and "etcd.password_file" go together');
  if ((etcd.cert_file === undefined) !== (etcd.key_file === undefined))
    found.push('options "etcd.cert_file" and "etcd.key_file" go together');
  return found;
}
