import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { agentMessages, connect } from 'vpp-api';
import { createSimulator, NO_INDEX, SPAN_STATE } from './index.js';

it('serves an agent with thousands of flows: each a loopback, a SPAN and a membership, all dumped', async () => {
  const flows = 3000;
  const folder = await mkdtemp(join(tmpdir(), 'vpp-sim-'));
  const simulator = await createSimulator({ socketPath: join(folder, 'api.sock'), name: 'scale' });
  const ports = Array.from({ length: flows }, (_, n) => simulator.addPort({ name: `vm${n}`, bridgeDomain: 10 + n }));
  const vpp = await connect({
    socketPath: simulator.socketPath,
    clientName: 'scale',
    messages: agentMessages,
    healthIntervalMs: 0,
  });
  try {
    const loops = await Promise.all(
      ports.map(async ({ swIfIndex }) => {
        const loop = { mac_address: new Uint8Array(6), is_specified: false, user_instance: 0 };
        const { sw_if_index } = await vpp.request('create_loopback_instance', loop);
        const bridge = { bd_id: 5_000_000, port_type: 0, shg: 1, enable: true };
        const span = { sw_if_index_from: swIfIndex, sw_if_index_to: sw_if_index, state: SPAN_STATE.BOTH, is_l2: true };
        await Promise.all([
          vpp.request('sw_interface_tag_add_del', { is_add: true, sw_if_index, tag: `taas.flow:${swIfIndex}` }),
          vpp.request('sw_interface_set_flags', { sw_if_index, flags: 1 }),
          vpp.request('sw_interface_set_l2_bridge', { rx_sw_if_index: sw_if_index, ...bridge }),
          vpp.request('sw_interface_span_enable_disable', span),
        ]);
        return sw_if_index;
      }),
    );
    expect(new Set(loops).size).toBe(flows);
    const all = { sw_if_index: NO_INDEX, name_filter_valid: false, name_filter: '' };
    expect(await vpp.dump('sw_interface_dump', all)).toHaveLength(2 * flows + 1);
    expect(await vpp.dump('sw_interface_span_dump', { is_l2: true })).toHaveLength(flows);
    const [service] = await vpp.dump('bridge_domain_dump', { bd_id: 5_000_000, sw_if_index: NO_INDEX });
    expect(service?.sw_if_details).toHaveLength(flows);
    expect(simulator.writes.total).toBe(5 * flows);
  } finally {
    await vpp.close();
    await simulator.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
