import { ConfigError, checkConfig, describeOptions } from '@taas/service';
import { describe, expect, it } from 'vitest';
import { segmentPolicy } from './compiler/segment-range-options.js';
import { checkServerConfig, configWarnings, type ServerConfig, serverConfigSchema } from './config.js';
import { networkingVppEtcd } from './config-networking-vpp.js';

const load = (value: unknown): ServerConfig =>
  checkServerConfig(checkConfig(serverConfigSchema, value, 'test'), 'test');

function problems(value: unknown): readonly string[] {
  try {
    load(value);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('the configuration', () => {
  it('has a default for everything, and lets nobody in by default', () => {
    expect(load({})).toMatchObject({
      listen: { host: '127.0.0.1', port: 9697 },
      auth: { mode: 'closed' },
      segments: [],
      project_share: 0.2,
    });
  });

  it("reaches networking-vpp's keys as our own, unless it is told otherwise", () => {
    const etcd = { endpoints: ['http://a:1'], timeout_ms: 100 };
    expect(networkingVppEtcd(load({ etcd }))).toMatchObject({ at: 'etcd', etcd });
    const own = { endpoints: ['http://b:1'] };
    const apart = networkingVppEtcd(load({ etcd, networking_vpp: { etcd: own } }));
    expect(apart).toMatchObject({ at: 'networking_vpp.etcd', etcd: { ...own, timeout_ms: 3000 } });
  });

  it.each([
    ['localhost', 'a name'],
    ['::', 'of the other version of IP'],
    ['fe80::1%eth0', 'with a zone'],
  ])('does not receive captures on %s, %s', (listen_address) => {
    const segments = [{ type: 'vxlan', first: 70000, last: 79999 }];
    const captures = { address: '192.0.2.9', listen_address };
    expect(problems({ segments, captures })).toEqual([
      `option "captures.listen_address": ${listen_address} is no IP address of the version of captures.address`,
    ]);
    expect(problems({ segments, captures: { ...captures, listen_address: '0.0.0.0' } })).toEqual([]);
  });

  it('reads the links between nodes in order', () => {
    const segments = [
      { type: 'vlan', physnet: 'physnet1', first: 3900, last: 3999 },
      { type: 'vlan', physnet: 'physnet2', first: 3900, last: 3999, exclusive: true },
      { type: 'vxlan', first: 70_000, last: 79_999 },
    ];
    const [first, ...rest] = segments;
    expect(segmentPolicy(load({ segments, project_share: 0.25 }))).toEqual({
      options: [{ ...first, exclusive: false }, ...rest],
      projectShare: 0.25,
    });
  });

  it.each([
    [{ listen: { prot: 1 } }, 'unknown option "listen.prot"'],
    [{ auth: { mode: 'open' } }, 'option "auth.mode"'],
    [{ segments: [{ type: 'vlan', first: 1, last: 2 }] }, 'option "segments.0": a vlan range needs a physnet'],
    [
      { segments: [{ type: 'vxlan', physnet: 'p', first: 1, last: 2 }] },
      'option "segments.0": a vxlan range has no physnet',
    ],
    [
      { segments: [{ type: 'vlan', physnet: 'p', first: 5, last: 2 }] },
      'option "segments.0": first (5) is above last (2)',
    ],
    [{ segments: [{ type: 'vlan', physnet: 'p', first: 5, last: 4095 }] }, 'option "segments.0": VLAN ids end at 4094'],
    [
      { segments: [1, 2].map((first) => ({ type: 'vxlan', first, last: 9 })) },
      'option "segments.1": there is another range for vxlan',
    ],
    [{ etcd: { user: 'taas' } }, 'options "etcd.user" and "etcd.password_file" go together'],
    [{ neutron: { url: 'http://n:9696' } }, 'option "neutron.url": needs auth.mode keystone'],
    [{ networking_vpp: { bindings: 'neutron' } }, 'option "networking_vpp.bindings": neutron needs neutron.url'],
    [{ networking_vpp: { bindings: 'etcd' } }, 'option "networking_vpp.bindings"'],
    [{ networking_vpp: { bindings: 'etcd-v3', etcd: {} } }, 'is for networking_vpp.bindings etcd-v2 alone'],
    [
      { networking_vpp: { etcd: { user: 'vpp' } } },
      'options "networking_vpp.etcd.user" and "networking_vpp.etcd.password_file" go together',
    ],
    [{ auth: { mode: 'keystone' } }, 'option "neutron.url": auth.mode keystone needs it'],
    [{ auth: { mode: 'keystone' } }, 'option "auth.keystone": needs either user_name and password_file, or'],
    [{ auth: { mode: 'keystone', keystone: { url: 'ftp://k' } } }, '"ftp://k" is no http or https URL'],
    [
      { auth: { mode: 'keystone', keystone: { url: 'http://keystone:5000/v3' } } },
      'option "auth.keystone.url": our secret and the callers\' tokens would go to http://keystone:5000/v3 in the clear',
    ],
    [
      { etcd: { user: 'u', password_file: 'p', endpoints: ['http://127.0.0.1:1', 'http://10.0.0.1:2379'] } },
      'option "etcd.password_file": the password would go to http://10.0.0.1:2379 in the clear',
    ],
    [
      { networking_vpp: { etcd: { user: 'u', password_file: 'p', endpoints: ['10.0.0.1:2379'] } } },
      'option "networking_vpp.etcd.password_file": the password would go to 10.0.0.1:2379 in the clear',
    ],
    [
      { tap_mirrors: { underlay_subnets: ['10.0.0.0/33'] } },
      'option "tap_mirrors.underlay_subnets": "10.0.0.0/33" is no subnet',
    ],
    [{ listen: { tls_key_file: 'x' } }, 'option "listen": tls_cert_file and tls_key_file go together'],
    [{ tap_mirrors: { denied_remote_subnets: ['10/8'] } }, '"10/8" is no subnet'],
    [{ etcd: { key_file: 'x' } }, 'options "etcd.cert_file" and "etcd.key_file" go together'],
  ])('names what is wrong: %j', (value, problem) => {
    expect(problems(value).join('\n')).toContain(problem);
  });

  it('takes a password to where nobody else hears it', () => {
    const login = { user: 'u', password_file: 'p' };
    for (const endpoint of ['http://127.9.9.9:1', 'http://[::1]:1', 'http://localhost:1', 'https://10.0.0.1:1'])
      expect(problems({ etcd: { ...login, endpoints: [endpoint] } })).toEqual([]);
    expect(problems({ etcd: { ...login, ca_file: 'c', endpoints: ['10.0.0.1:1'] } })).toEqual([]);
    expect(problems({ etcd: { endpoints: ['http://10.0.0.1:1'] } })).toEqual([]);
  });

  it('warns of what is allowed and not safe', () => {
    const keystone = { url: 'https://k/v3', user_name: 'u', password_file: 'p' };
    const listen = { host: '0.0.0.0' };
    const config = load({ listen, auth: { mode: 'keystone', keystone }, neutron: { url: 'http://n:9696' } });
    expect(configWarnings(config)).toEqual([expect.stringMatching(/^listen: /), expect.stringMatching(/^neutron.url/)]);
    expect(configWarnings(load({}))).toEqual([]);
  });

  it('documents each option', () => {
    const lines = describeOptions(serverConfigSchema);
    expect(lines.filter((line) => line.endsWith(')'))).toEqual([]);
    expect(lines.length).toBeGreaterThan(25);
  });
});

it('single sign-on needs URLs that Keystone and browsers will take, and says which is not', () => {
  const choices = [{ label: 'l', protocol: 'openid' }];
  const good = { keystone_url: 'https://k.example/v3', origin: 'https://t.example:9696/dashboard/websso', choices };
  const told = (websso: object) => problems({ dashboard: { websso: { ...good, ...websso } } });
  expect(told({})).toEqual([]);
  expect(told({ keystone_url: '', origin: '', choices: [] })).toEqual([]);
  for (const origin of [
    '',
    'https://T.example/dashboard/websso',
    'https://t.example/dashboard/websso/',
    'https://t.example',
  ])
    expect(told({ origin })).toEqual([expect.stringMatching(/^option "dashboard\.websso\.origin"/)]);
  for (const keystone_url of ['', 'keystone', 'https://a:b@k.example/v3', 'https://k.example/v3?x'])
    expect(told({ keystone_url })).toEqual([expect.stringMatching(/^option "dashboard\.websso\.keystone_url"/)]);
  expect(told({ keystone_url: 'http://k.example/v3' })).toEqual([expect.stringMatching(/in the clear/)]);
});
