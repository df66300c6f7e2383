import type { ActualInterface } from '@taas/wiring';
import { toInterface, type Vpp } from './vpp-messages.js';

/** VPP's name of the driver behind a VM's port (src/plugins/vhost/vhost_user.c). */
const vhostUser = 'vhost-user';

/**
 * One interface as VPP has it now; undefined if there is none with the index. A socket is asked for where it tells whose port
 * an interface is, and never remembered: the next interface with the index has another, or none.
 */
export async function lookUpInterface(vpp: Vpp, index: number): Promise<ActualInterface | undefined> {
  // Index 0 asks VPP for all interfaces. It is local0, which is never ours nor anybody's port.
  if (index === 0) return undefined;
  const [details] = await vpp.dump('sw_interface_dump', {
    sw_if_index: index,
    name_filter_valid: false,
    name_filter: '',
  });
  if (!details) return undefined;
  const isUntaggedPort = details.tag === '' && details.interface_dev_type === vhostUser;
  const [vhost] = isUntaggedPort ? await vpp.dump('sw_interface_vhost_user_dump', { sw_if_index: index }) : [];
  return toInterface(details, vhost?.sock_filename);
}
