import { Cloud, type CloudOptions } from '@taas/lab';
import { systemClock } from '@taas/service';
import { type LogLine, recordingLogger } from './recording-logger.js';

export interface FastCloudOptions extends Pick<CloudOptions, 'nodes' | 'servers' | 'seams'> {
  readonly transport: 'vlan' | 'vxlan';
  /** How long an agent waits for an answer of its switch, in ms. Default: 5,000. */
  readonly switchTimeoutMs?: number;
  /** Is given what servers and agents log. */
  readonly log?: LogLine[];
}

/**
 * A cloud in this process for tests that make trouble: simulators, the embedded store, any number of servers, and agents that
 * look often.
 */
export function startFastCloud({ log = [], switchTimeoutMs = 5_000, ...more }: FastCloudOptions): Promise<Cloud> {
  return Cloud.start({
    ...more,
    switch: 'simulated',
    store: 'embedded',
    server: { election: { ttl_s: 2 }, project_share: 1 },
    agent: {
      vpp: { timeout_ms: switchTimeoutMs },
      lease_ttl_s: 2,
      intervals: { verify_ms: 100, port_poll_ms: 10, retry_first_ms: 10, retry_max_ms: 100 },
    },
    seams: { newId: countingIds(), ...more.seams },
    clock: systemClock,
    logger: recordingLogger(log),
  });
}

/** Ids that a second cloud, asked the same, would give too. */
function countingIds(): () => string {
  let ids = 0;
  return () => {
    ids += 1;
    return `77777777-0000-4000-8000-${ids.toString().padStart(12, '0')}`;
  };
}
