import type { AgentMessages, VppClient } from 'vpp-api';

export type Vpp = VppClient<AgentMessages>;
/** VPP's "none" or "all". */
export const anyIndex = 0xffffffff;
