import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TokenPort } from '@taas/lab';
import { agentCodec, keys, nodeTapFlowCodec } from '@taas/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stack, uuid } from './stack.js';

// Copies on a VLAN reach whoever has an uplink in layer 2 or the same VLAN; with frames: tests/scenarios/flat-network.ts.

const vlan = (id: number, more: object = {}) => ({ ...provider('vlan', 'physnet1', id), ...more });
const provider = (type: string, physnet: string | null, id: number | null) => ({
  ...{ 'provider:network_type': type, 'provider:physical_network': physnet, 'provider:segmentation_id': id },
});
const harmless = vlan(20);

describe('copies on a VLAN that another tenant may have too', () => {
  let stack: Stack;
  /** What Neutron says of networks; null: it fails. */
  let networks: readonly object[] | null = null;
  let ranges: readonly object[] | null = null;
  let made = 0;
  const ports = new Map<string, TokenPort>();

  const instead = ({ url }: IncomingMessage, response: ServerResponse): boolean => {
    const path = url?.split('?')[0];
    const [name, list] =
      path === '/v2.0/networks' ? ['networks', networks] : ['network_segment_ranges', ranges ?? undefined];
    if (!path?.endsWith(name) || list === undefined) return false;
    const listed = list?.map((each, n) => ({ id: uuid(900 + n), ...each }));
    response.writeHead(list === null ? 500 : 200).end(JSON.stringify({ [name]: listed }));
    return true;
  };
  /** A tap between the two nodes. @returns its key on the source's node */
  const tap = async (): Promise<string> => {
    made += 1;
    const [source, collector] = [uuid(2 * made), uuid(2 * made + 1)];
    ports.set(source, { project: 'acme', host: 'node-1' });
    ports.set(collector, { project: 'acme', host: 'node-2' });
    const post = async (kind: string, body: object) => {
      const { status, json } = await stack.call('tok-acme-member', 'POST', `/v2.0/taas/${kind}s`, { [kind]: body });
      expect(status).toBe(201);
      return (json?.[kind] as { readonly id: string } | undefined)?.id ?? '';
    };
    const service = await post('tap_service', { port_id: collector });
    const flow = await post('tap_flow', { tap_service_id: service, source_port: source, direction: 'BOTH' });
    return keys.nodeResource('node-1', 'tap_flows', flow);
  };
  const goesBy = (key: string, type: string) =>
    stack.until(`${key} goes by ${type}`, async () => {
      const entry = await stack.store.get(key);
      return entry !== undefined && nodeTapFlowCodec.parse(key, entry.value).target.type === type;
    });

  beforeAll(async () => {
    stack = await Stack.start({ ports, neutron: { instead } });
    for (const n of [1, 2]) {
      const record = { v: 1, node: `node-${n}`, agent_version: '1', vpp_version: '26.06' } as const;
      const uplinks = { tunnel_address: `10.0.1.${n}`, physnets: ['physnet1'], layer2_physnets: [], capabilities: [] };
      await stack.put(keys.agent(record.node), agentCodec.format({ ...record, ...uplinks }));
    }
  });
  afterAll(() => stack.stop());

  it('do not begin while Neutron has never said what else is there, be it that it fails or shows nothing', async () => {
    await goesBy(await tap(), 'vxlan');
    networks = [];
    await goesBy(await tap(), 'vxlan');
  });

  it('(control) go by it where Neutron says that nobody else has it; and stay through a silence in which none begin', async () => {
    networks = [harmless];
    await stack.until('the physnet is open', async () => (await standing()) === 'open');
    const first = await tap();
    await goesBy(first, 'vlan');
    networks = null;
    await stack.until('Neutron is silent', async () => (await standing()) === 'kept');
    await goesBy(await tap(), 'vxlan');
    await goesBy(first, 'vlan');
  });

  it.each([
    ['a flat network', [provider('flat', 'physnet1', null)]],
    ['a flat segment of a network with several', [{ segments: [harmless, provider('flat', 'physnet1', null)] }]],
    ['a VLAN-transparent network', [vlan(30, { vlan_transparent: true })]],
    ['a network with a VLAN of the range', [vlan(3999)]],
    ['a network that hides what it lies on', [{}]],
  ])('leave it when there is %s', async (_what, others) => {
    networks = [harmless];
    await stack.until('the physnet is open', async () => (await standing()) === 'open');
    const key = await tap();
    await goesBy(key, 'vlan');
    networks = [harmless, ...others];
    await goesBy(key, 'vxlan');
  });

  it('leave it when Neutron is told to give its ids out', async () => {
    networks = [harmless];
    await stack.until('the physnet is open', async () => (await standing()) === 'open');
    const key = await tap();
    await goesBy(key, 'vlan');
    ranges = [{ network_type: 'vlan', physical_network: 'physnet1', minimum: 100, maximum: 3900 }];
    await goesBy(key, 'vxlan');
  });

  async function standing(): Promise<string> {
    const entry = await stack.store.get(keys.physnet('physnet1'));
    return entry === undefined ? '' : (JSON.parse(entry.value) as { readonly vlans: string }).vlans;
  }
});
