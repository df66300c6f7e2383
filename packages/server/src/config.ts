import { ConfigError, group, healthOptions, isLoopback, logOptions, options, portOption } from '@taas/service';
import { etcdOptions, etcdProblems, signingOptions, signingProblems } from '@taas/store';
import Type, { type Static } from 'typebox';
import { type RemoteAddressOptions, usualUnderlayPrefix } from './addresses/remote-address-policy.js';
import { SubnetError, SubnetSet } from './addresses/subnet-set.js';
import { describeOption, type SegmentOption, type SegmentPolicy } from './compiler/segment-options.js';
import { captureOptions, captureProblems } from './config-captures.js';
import { cloudProblems, cloudWarnings, keystoneOptions, neutronOptions } from './config-cloud.js';
import { dashboardOptions } from './config-dashboard.js';
import { etcdSpaceOptions, writeBudgetOptions } from './config-etcd-space.js';
import { networkingVppOptions, networkingVppProblems } from './config-networking-vpp.js';
import { receiptOptions, receiptProblems } from './config-receipts.js';
import { listenLimitOptions, proxyProblems, strangerOptions } from './config-strangers.js';
import { termOptions, termProblems } from './config-terms.js';
import { usualQuotas } from './taps/admission/quotas.js';

const quotaOption = (what: string, usual: number) =>
  Type.Integer({
    default: usual,
    minimum: -1,
    maximum: 0x7fffffff,
    description: `How many ${what} a project may have; -1 for no limit.`,
  });

/** Every option of `taas-server`, with its default, unit and range. */
export const serverConfigSchema = options({
  listen: group(
    {
      host: Type.String({ default: '127.0.0.1', description: 'Address that the API listens on.' }),
      port: portOption(9697, 'TCP port of the API'),
      tls_cert_file: Type.String({
        default: '',
        description: 'PEM certificate chain; with it the API speaks TLS only.',
      }),
      tls_key_file: Type.String({ default: '', description: 'PEM key of the certificate.' }),
      ...listenLimitOptions,
    },
    'The API.',
  ),
  health: healthOptions(9698),
  etcd: etcdOptions,
  signing: signingOptions,
  networking_vpp: networkingVppOptions,
  auth: group(
    {
      mode: Type.Enum(['closed', 'development', 'keystone'], {
        default: 'closed',
        description:
          'closed: every request is answered 401. keystone: tokens are validated by Keystone. development: callers are ' +
          'believed (X-Project-Id, X-User-Id, X-Roles); only on a loopback address, never in production.',
      }),
      www_authenticate_uri: Type.String({
        default: 'http://127.0.0.1:5000',
        description: "Keystone's public URI, told to callers in the WWW-Authenticate header of a 401.",
      }),
      keystone: keystoneOptions,
      policy_file: Type.String({
        default: '',
        description: "policy.yaml in oslo.policy's language, over upstream's default rules; empty for those alone.",
      }),
      enforce_scope: Type.Boolean({
        default: true,
        description: 'Refuse tokens of a scope that a rule is not for, such as the system scope.',
      }),
    },
    'Who may do what.',
  ),
  neutron: neutronOptions,
  quotas: group(
    {
      tap_service: quotaOption('tap services', usualQuotas.tap_service),
      tap_flow: quotaOption('tap flows', usualQuotas.tap_flow),
      tap_mirror: quotaOption('tap mirrors', usualQuotas.tap_mirror),
    },
    'Limits of projects for which no administrator has set others.',
  ),
  tap_mirrors: group(
    {
      denied_remote_subnets: Type.Array(Type.String(), {
        default: [],
        description:
          'Subnets (CIDR) that mirrors may not send to, such as the management network. Loopback, link-local, ' +
          'multicast, unspecified and reserved addresses and the underlay are refused anyway.',
      }),
      underlay_subnets: Type.Array(Type.String(), {
        default: [],
        description:
          "The underlay's subnets (CIDR), which mirrors may not send to, besides those around the tunnel addresses that nodes " +
          'have reported. Empty: mirrors are refused (503) until a node has reported one.',
      }),
      underlay_prefix_v4: Type.Integer({
        default: usualUnderlayPrefix.ipv4,
        minimum: 8,
        maximum: 32,
        description:
          "The underlay's subnets, which mirrors may not send to: the IPv4 tunnel addresses of the nodes with all around " +
          'them that has so many leading bits in common; 32 for the tunnel addresses alone.',
      }),
      underlay_prefix_v6: Type.Integer({
        default: usualUnderlayPrefix.ipv6,
        minimum: 16,
        maximum: 128,
        description: 'The same for IPv6; 128 for the tunnel addresses alone.',
      }),
    },
    'Tap mirrors.',
  ),
  rate_limit: group(
    {
      per_second: Type.Number({
        default: 50,
        minimum: 0,
        maximum: 100_000,
        description: 'Requests a second that a project may send for ever, to each server; 0 for no limit.',
      }),
      burst: Type.Integer({
        default: 1000,
        minimum: 1,
        maximum: 100_000,
        description: 'Requests that a project may send at once after a rest.',
      }),
    },
    "So that one project's loops do not take the server from the others.",
  ),
  strangers: strangerOptions,
  write_budget: writeBudgetOptions,
  etcd_space: etcdSpaceOptions,
  segments: Type.Array(
    options({
      type: Type.Enum(['vlan', 'vxlan'], { description: 'How copies travel between nodes.' }),
      physnet: Type.Optional(
        Type.String({ minLength: 1, pattern: '^[^/]+$', description: 'Physical network of the VLANs; vlan only.' }),
      ),
      first: Type.Integer({
        minimum: 1,
        maximum: 0xffffff,
        description: 'First VLAN id (1..4094) or VNI (1..16777215).',
      }),
      last: Type.Integer({ minimum: 1, maximum: 0xffffff, description: 'Last VLAN id or VNI, included.' }),
      exclusive: Type.Optional(
        Type.Boolean({
          description:
            "vlan only: the operator states that nobody else is on the physnet's trunk, on any node, so that Neutron need not " +
            'be asked. Without it copies travel by VLAN only while Neutron says that it is safe.',
        }),
      ),
    }),
    {
      default: [],
      description:
        'Links for copies between nodes, the preferred first; each range must be for TaaS alone. The next one is taken ' +
        'where one is not to be had, or not safe. Without any, only taps within a node work.',
    },
  ),
  project_share: Type.Number({
    default: 0.2,
    minimum: 0,
    maximum: 1,
    description:
      'The part of each segment range that one project may hold of what the others have left, so that whoever comes finds ' +
      "something; the first that is free in any case. The same of VPP's 1024 ERSPAN sessions from a node to an address. 1 is no limit.",
  }),
  limits: group(
    {
      body_bytes: Type.Integer({
        default: 512 * 1024,
        minimum: 1024,
        maximum: 1024 * 1024,
        description: 'Largest request body, in bytes.',
      }),
      bulk_items: Type.Integer({
        default: 128,
        minimum: 1,
        maximum: 128,
        description: 'Most resources that one request may create.',
      }),
      page_items: Type.Integer({
        default: 1000,
        minimum: 0,
        maximum: 100_000,
        description:
          "Most resources on one page of a list, Neutron's pagination_max_limit; what follows is linked; 0 for no limit.",
      }),
      project_lists: Type.Integer({
        default: 8,
        minimum: 1,
        maximum: 1000,
        description: 'Lists of one project that are put together, or sent, at a time; 8 times as many may wait.',
      }),
      header_bytes: Type.Integer({
        default: 16 * 1024,
        minimum: 8192,
        maximum: 128 * 1024,
        description: 'All headers of a request, in bytes.',
      }),
      body_depth: Type.Integer({
        default: 32,
        minimum: 4,
        maximum: 1000,
        description: "How deep a request body's JSON may nest, in levels.",
      }),
      request_ms: Type.Integer({
        default: 30_000,
        minimum: 1000,
        maximum: 600_000,
        description: 'Time for a request to arrive whole, and to be answered, in milliseconds.',
      }),
      catch_up_ms: Type.Integer({
        default: 5000,
        minimum: 100,
        maximum: 60_000,
        description: 'Time that a request may wait for this replica to catch up with etcd, in milliseconds.',
      }),
    },
    'What one request may cost.',
  ),
  captures: captureOptions,
  receipts: receiptOptions,
  taps: termOptions,
  dashboard: dashboardOptions,
  audit: group(
    {
      file: Type.String({
        default: '',
        description:
          'File that the leading server appends the audit trail to, one JSON object a line; - for standard output. ' +
          'Empty: the trail is in etcd alone, as long as it is kept there.',
      }),
      required: Type.Boolean({
        default: false,
        description: 'Refuse to make or change taps (503) while many entries wait to be written to the file.',
      }),
      keep_days: Type.Integer({
        default: 90,
        minimum: 1,
        maximum: 3650,
        description: 'How long etcd keeps entries, in days.',
      }),
      keep_records: Type.Integer({
        default: 10_000,
        minimum: 100,
        maximum: 100_000,
        description:
          'How many records (one a change, about 700 bytes) etcd keeps, whatever their age. What is not in the file yet ' +
          'stays until there are twice as many.',
      }),
    },
    'Who tapped whose port to where.',
  ),
  election: group(
    {
      ttl_s: Type.Integer({
        default: 10,
        minimum: 2,
        maximum: 300,
        description: 'Silence of the leading server after which another takes over the compiler, in seconds.',
      }),
    },
    'Which replica compiles.',
  ),
  log: logOptions,
});
export type ServerConfig = Static<typeof serverConfigSchema>;

/**
 * What a schema cannot say of the options.
 * @param source names the configuration in the error
 * @throws ConfigError naming each wrong option
 */
export function checkServerConfig(config: ServerConfig, source: string): ServerConfig {
  const problems = [
    ...segmentProblems(config),
    ...etcdProblems(config.etcd),
    ...signingProblems(config.signing),
    ...networkingVppProblems(config),
    ...cloudProblems(config),
    ...apiProblems(config),
    ...termProblems(config.taps),
    ...captureProblems(config.captures, config.segments),
    ...receiptProblems(config.receipts, config.segments),
  ];
  if (problems.length > 0) throw new ConfigError(source, problems);
  return config;
}

/** What is allowed and not safe, for the log at the start. */
export function configWarnings(config: ServerConfig): string[] {
  const { listen } = config;
  const open = listen.tls_cert_file === '' && !isLoopback(listen.host);
  const problem = `listen: the API speaks HTTP without TLS on ${listen.host}, so that tokens can be read on their way; set tls_cert_file and tls_key_file, or put a proxy with TLS in front and listen on a loopback address`;
  return [...(open ? [problem] : []), ...cloudWarnings(config)];
}

function apiProblems({ listen, tap_mirrors: mirrors, audit }: ServerConfig): string[] {
  const found: string[] = [];
  if (audit.required && audit.file === '') found.push('option "audit": required needs a file');
  if ((listen.tls_cert_file === '') !== (listen.tls_key_file === '')) {
    found.push('option "listen": tls_cert_file and tls_key_file go together');
  }
  found.push(...proxyProblems(listen.trusted_proxies));
  for (const option of ['denied_remote_subnets', 'underlay_subnets'] as const) {
    try {
      new SubnetSet(mirrors[option]);
    } catch (error) {
      if (!(error instanceof SubnetError)) throw error;
      found.push(`option "tap_mirrors.${option}": ${error.message}`);
    }
  }
  return found;
}

/** Where the configuration lets tap mirrors send to. */
export function remoteAddressOptions({ tap_mirrors: mirrors }: ServerConfig): RemoteAddressOptions {
  return {
    denied: mirrors.denied_remote_subnets,
    underlaySubnets: mirrors.underlay_subnets,
    prefix: { ipv4: mirrors.underlay_prefix_v4, ipv6: mirrors.underlay_prefix_v6 },
  };
}

function segmentProblems(config: ServerConfig): string[] {
  const seen = new Set<string>();
  return config.segments.flatMap((segment, index) => {
    const at = `option "segments.${index}"`;
    const found: string[] = [];
    if (segment.first > segment.last) found.push(`${at}: first (${segment.first}) is above last (${segment.last})`);
    if (segment.type === 'vlan' && segment.last > 4094) found.push(`${at}: VLAN ids end at 4094`);
    if (segment.type === 'vlan' && segment.physnet === undefined) found.push(`${at}: a vlan range needs a physnet`);
    if (segment.type === 'vxlan' && segment.exclusive !== undefined)
      found.push(`${at}: exclusive is for vlan ranges alone`);
    if (segment.type === 'vxlan' && segment.physnet !== undefined) found.push(`${at}: a vxlan range has no physnet`);
    const name = `${segment.type} ${segment.physnet ?? ''}`.trim();
    if (seen.has(name)) found.push(`${at}: there is another range for ${name}; one is allowed`);
    seen.add(name);
    return found;
  });
}

/** The compiler's view of the configuration. */
export function segmentPolicy(config: ServerConfig): SegmentPolicy {
  const optionsInOrder = config.segments.map(({ type, physnet, first, last, exclusive = false }): SegmentOption => {
    return type === 'vlan' ? { type, physnet: physnet ?? '', first, last, exclusive } : { type, first, last };
  });
  return { options: optionsInOrder, projectShare: config.project_share };
}

/** For the log at start. */
export const describePolicy = (policy: SegmentPolicy): readonly string[] => policy.options.map(describeOption);
