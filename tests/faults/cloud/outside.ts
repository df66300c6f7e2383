import type { LabPort, LabSwitch } from '@taas/lab';

/** Where tap mirrors send to: through a router on a network that hangs on each node's switch. */
export const remoteAddress = '198.51.100.9';
const router = { address: '203.0.113.254', mac: '02:00:00:00:00:fe' } as const;

/** Gives a node's switch a network outside, which it keeps over restarts. */
export async function addOutside(lab: LabSwitch): Promise<LabPort> {
  const addresses = ['203.0.113.1/24'];
  const port = await lab.addOutside({ id: 'outside', addresses, neighbours: [router], mtu: 9216 });
  await lab.route('198.51.100.0/24', router.address);
  return port;
}
