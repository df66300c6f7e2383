import { Cloud, type CloudOptions } from '@taas/lab';
import { silentLogger, systemClock } from '@taas/service';

/** A real etcd, two servers and an agent a node as processes of their own; the switches are simulators in this process. */
export function startProgramCloud(nodes: readonly string[], more: Partial<CloudOptions> = {}): Promise<Cloud> {
  return Cloud.start({
    ...{ nodes, switch: 'simulated', store: { etcd: {} }, process: 'programs', transport: 'vlan', servers: 2 },
    server: { election: { ttl_s: 2 } },
    agent: { intervals: { verify_ms: 200, port_poll_ms: 20 } },
    ...{ clock: systemClock, logger: silentLogger },
    ...more,
  });
}
