import { describe, expect, expectTypeOf, it } from 'vitest';
import type { AgentMessages } from './agent-messages.js';
import type { VppClient } from './client.js';
import type { LabMessages } from './lab-messages.js';
import type { DetailsFields, ReplyFields } from './message-set.js';

// Never called: it has only to compile, or not to where it says so.
function use(client: VppClient<LabMessages>): readonly unknown[] {
  const ip4 = { address: { af: 0, un: { ip4: Uint8Array.of(10, 0, 0, 1) } } };
  const common = { sw_if_index: 1, is_add: true, del_all: false };
  const ip5 = { address: { af: 0, un: { ip5: Uint8Array.of(10, 0, 0, 1) } } };
  return [
    client.request('delete_loopback', { sw_if_index: 1 }),
    // @ts-expect-error a wrong field name
    client.request('delete_loopback', { sw_if_indx: 1 }),
    // @ts-expect-error a wrong field type
    client.request('delete_loopback', { sw_if_index: '1' }),
    // @ts-expect-error a missing field
    client.request('sw_interface_set_flags', { sw_if_index: 1 }),
    // @ts-expect-error a field too many
    client.request('control_ping', { verbose: true }),
    // @ts-expect-error a message that the set does not have
    client.request('no_such', {}),
    // @ts-expect-error a dump is not a request
    client.request('acl_dump', { acl_index: 1 }),
    // @ts-expect-error a wrong field name in an event
    client.on('sw_interface_event', (event) => event.sw_if_indx),
    client.request('acl_interface_set_acl_list', { sw_if_index: 1, n_input: 1, acls: [7] }),
    client.request('sw_interface_add_del_address', { ...common, prefix: { ...ip4, len: 8 } }),
    // @ts-expect-error a union takes one of its arms
    client.request('sw_interface_add_del_address', { ...common, prefix: { ...ip5, len: 8 } }),
  ];
}

describe('types of messages', () => {
  it('come from their description', () => {
    expect(use).toBeTypeOf('function');
    expectTypeOf<ReplyFields<AgentMessages, 'create_subif'>>().toEqualTypeOf<{
      readonly retval: number;
      readonly sw_if_index: number;
    }>();
    type Details = DetailsFields<AgentMessages, 'sw_interface_dump'>;
    expectTypeOf<Details['l2_address']>().toEqualTypeOf<Uint8Array>();
    expectTypeOf<Details['mtu']>().toEqualTypeOf<readonly number[]>();
    expectTypeOf<Details['tag']>().toEqualTypeOf<string>();
    type Tunnel = DetailsFields<AgentMessages, 'vxlan_tunnel_v2_dump'>;
    expectTypeOf<Tunnel['src_address']['un']>().toEqualTypeOf<{ readonly raw: Uint8Array }>();
  });

  it('of a larger set fit where a smaller one is asked for', () => {
    const narrow = (client: VppClient<LabMessages>): VppClient<AgentMessages> => client;
    expect(narrow).toBeTypeOf('function');
  });
});
