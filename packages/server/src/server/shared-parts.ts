import type { Store } from '@taas/store';
import { remoteAddressPolicy } from '../addresses/remote-address-policy.js';
import { remoteAddressOptions } from '../addresses/tap-mirror-options.js';
import { apiLimits } from '../api/limit-options.js';
import { createAudit } from '../audit/audit.js';
import { segmentPolicy } from '../compiler/segment-range-options.js';
import type { ServerConfig } from '../config.js';
import { Contained } from '../errors/contained.js';
import { Slices } from '../slices/slices.js';
import { Placements } from '../status/placements.js';
import { LiveView } from '../view/live-view.js';
import type { ServerDeps } from './server-deps.js';

export type SharedParts = ReturnType<typeof sharedParts>;

/** What the API and the leader's work share: etcd as this server sees and writes it, and the operator's rules. */
export function sharedParts(config: ServerConfig, deps: ServerDeps, etcd: Store) {
  const { clock, logger, random, newId } = deps;
  const placesFrom = config.networking_vpp.bindings === 'etcd-v3' ? 'bound-ports' : 'records';
  const owners = config.auth.mode === 'development' ? 'perhaps' : 'always';
  const leaderGapMs = (config.election.ttl_s * 1000) / 5;
  const live = new LiveView(etcd, clock, logger.child({ part: 'view' }), placesFrom, owners, leaderGapMs);
  const contained = new Contained(logger.child({ part: 'contained' }));
  const slices = new Slices({ clock });
  const audit = createAudit(config.audit, {
    ...{ store: etcd, live, contained, slices, clock, random, newId, logger: logger.child({ part: 'audit' }) },
  });
  const policy = segmentPolicy(config);
  const remoteAddresses = remoteAddressPolicy(remoteAddressOptions(config.tap_mirrors));
  const placements = new Placements(live.view, policy);
  live.subscribe((dirty) => placements.forget(dirty));
  return {
    live,
    contained,
    slices,
    audit,
    policy,
    remoteAddresses,
    placements,
    clock,
    /** Writes the audit trail along with every change of a tap. */
    store: audit.store,
    mirrorRules: { addresses: remoteAddresses, projectShare: policy.projectShare },
    limits: apiLimits(config.limits),
    warnBeforeMs: config.taps.warn_before_s * 1000,
  };
}
