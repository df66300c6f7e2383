import type { Clock, Logger } from '@taas/service';
import type { StoreCare } from '@taas/store';
import { EtcdKeeper } from './etcd-keeper.js';
import type { EtcdSpaceConfig } from './etcd-space-options.js';

export interface EtcdKeeperParts {
  readonly care: StoreCare;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function openEtcdKeeper(config: EtcdSpaceConfig, parts: EtcdKeeperParts): EtcdKeeper {
  return new EtcdKeeper({
    ...parts,
    checkMs: config.check_ms,
    limits: { quotaBytes: config.quota_bytes, reserve: config.reserve },
    historyMs: config.history_minutes * 60_000,
  });
}
