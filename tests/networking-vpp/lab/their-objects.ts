import { connectToSwitch } from '@taas/lab';
import type { NodeVpp } from './node-vpp.js';

const all = { sw_if_index: 0xffffffff, name_filter_valid: false, name_filter: '' } as const;
const everyDomain = { bd_id: 0xffffffff, sw_if_index: 0xffffffff } as const;

/** All of networking-vpp's in a VPP: interfaces with their state, bridge domains with their members, ACLs and where they are. */
export async function theirObjects(vpp: NodeVpp): Promise<readonly string[]> {
  const client = await connectToSwitch(vpp, 'scenario');
  try {
    const interfaces = (await client.dump('sw_interface_dump', all)).filter(({ tag }) => tag.startsWith('net-vpp.'));
    const domains = (await client.dump('bridge_domain_dump', everyDomain)).filter(
      ({ bd_id, bd_tag }) => bd_id !== 0 && !bd_tag.startsWith('taas.'),
    );
    const members = (details: readonly { readonly sw_if_index: number; readonly shg: number }[]) =>
      details.map(({ sw_if_index, shg }) => `${sw_if_index}/${shg}`).sort();
    return [
      ...interfaces.map(
        ({ sw_if_index, interface_name, tag, flags }) => `${sw_if_index} ${interface_name} ${tag} ${flags}`,
      ),
      ...domains.map(({ bd_id, bd_tag, sw_if_details }) => `${bd_id} "${bd_tag}" ${members(sw_if_details)}`),
      // A port without security is given an empty list when its agent starts again: that is none.
      ...(await vpp.cli('show acl-plugin interface'))
        .split(/^(?=sw_if_index)/m)
        .filter((each) => each.includes('acl(s)')),
      ...(await vpp.cli('show acl-plugin acl')).split('\n').map((line) => `ACL ${line}`),
    ].sort();
  } finally {
    await client.close();
  }
}
