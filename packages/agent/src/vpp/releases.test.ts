import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect } from 'vpp-api';
import { type Release, type ReleaseName, releases } from 'vpp-sim';
import { Bench, type BenchNode } from '../testing/bench.js';
import { abilitiesOf } from './abilities.js';
import { greTunnels, greTwin } from './objects/gre.js';
import { whatVppNeeds } from './what-vpp-needs.js';

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.create();
});
afterEach(() => bench.close());

const node = (release: Release): Promise<BenchNode> => bench.addNode('n1', {}, release);
const names = Object.keys(releases) as ReleaseName[];
const from = (first: ReleaseName) => names.slice(names.indexOf(first));

describe.each(names)('VPP %s', (name) => {
  it('is taken, and can do what its messages say', async () => {
    const vpp = await (await node(releases[name])).connectVpp(new AbortController().signal);
    expect(vpp.version.version).toBe(`${name}-sim`);
    expect(abilitiesOf(vpp)).toEqual([
      ...['vlan', 'vxlan'],
      ...(from('25.10').includes(name) ? ['gre'] : []),
      'erspan',
      ...(from('23.06').includes(name) ? ['policers'] : []),
    ]);
    expect(vpp.has('l2_flags_get')).toBe(name === '26.06');
    expect(vpp.has('gre_tunnel_dump_v2')).toBe(['25.10', '26.02'].includes(name));
    await vpp.close();
  });
});

const noFiles = { folders: ['/nonexistent/api'] };

it('a VPP that cannot say what its messages are, and of which there is no file, is refused with what to do', async () => {
  const { vpp: sim } = await node(releases['23.06']);
  const attempt = connect({ socketPath: sim.socketPath, clientName: 'x', ...whatVppNeeds, apiFolders: noFiles });
  await expect(attempt).rejects.toThrow(/nonexistent.*install VPP's API files.*vpp\.api_files/s);
});

it.each<[string, readonly string[], RegExp]>([
  [
    'tunnels',
    ['gre_tunnel_add_del', 'gre_tunnel_dump'],
    /GRE tunnels: .*\(missing: .*; or gre_tunnel_add_del, gre_tunnel_dump\)/,
  ],
  [
    'bridge domains',
    ['bridge_domain_add_del'],
    /bridge domains: .*\(missing: bridge_domain_add_del_v2; or bridge_domain_add_del/,
  ],
  ['mirrors', ['sw_interface_span_dump'], /sw_interface_span_dump: this VPP has no such message/],
])('a VPP without any way to have %s is refused, by the names of what is missing', async (_what, absent, message) => {
  const old = releases['22.06'];
  const differences = { ...old.differences, absent: [...old.differences.absent, ...absent] };
  const other = await node({ ...old, differences });
  await expect(other.connectVpp(new AbortController().signal)).rejects.toThrow(message);
});

it('a tap mirror that needs a GRE key is refused where there is none, and told what to use; ERSPAN is made and found again', async () => {
  const vpp = await (await node(releases['24.06'])).connectVpp(new AbortController().signal);
  const snapshot = { gres: { replace: () => undefined } };
  const context = { vpp, snapshot: snapshot as never, at: () => 0 };
  const spec = { type: 'teb', local: '10.0.0.1', remote: '10.0.0.2', id: 7 } as const;
  const create = greTwin.send['create-gre'];
  const step = { kind: 'create-gre', as: 'x', instance: 1952_0000 } as const;
  await expect(create({ ...step, spec }, context)).rejects.toThrow(/24\.06-sim.*no GRE keys.*use mirror_type erspanv1/);
  const index = await create({ ...step, spec: { ...spec, type: 'erspan' } }, context);
  const listed = await greTunnels
    .of(vpp)
    .list({ contained: undefined as never, snapshot: snapshot as never, vpp, bits: null });
  expect(listed).toMatchObject([{ sw_if_index: index, type: 2, session_id: 7 }]);
  await vpp.close();
});
