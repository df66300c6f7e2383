import { ConfigError, healthOptions, logOptions, options } from '@taas/service';
import { etcdOptions, etcdProblems, signingOptions, signingProblems } from '@taas/store';
import type { Static } from 'typebox';
import { tapMirrorOptions, tapMirrorProblems } from './addresses/tap-mirror-options.js';
import { limitOptions } from './api/limit-options.js';
import { auditOptions, auditProblems } from './audit/audit-options.js';
import { authOptions } from './auth/auth-options.js';
import { captureOptions, captureProblems } from './captures/capture-options.js';
import { projectShareOption, segmentRangeOptions, segmentRangeProblems } from './compiler/segment-range-options.js';
import { cloudProblems, cloudWarnings, neutronOptions } from './config-cloud.js';
import { networkingVppOptions, networkingVppProblems } from './config-networking-vpp.js';
import { dashboardOptions, dashboardProblems } from './dashboard/dashboard-options.js';
import { etcdSpaceOptions } from './etcd-space/etcd-space-options.js';
import { listenOptions, listenProblems, listenWarnings } from './front/listen-options.js';
import { strangerOptions } from './front/stranger-options.js';
import { rateLimitOptions } from './http/rate-limit-options.js';
import { electionOptions } from './leader/election-options.js';
import { receiptOptions, receiptProblems } from './receipts/receipt-options.js';
import { quotaOptions } from './taps/admission/quota-options.js';
import { termOptions, termProblems } from './taps/terms/term-options.js';
import { writeBudgetOptions } from './taps/write-budget-options.js';

/** Every option of `taas-server`, with its default, unit and range: each stands by the thing that it is of. */
export const serverConfigSchema = options({
  listen: listenOptions,
  health: healthOptions(9698),
  etcd: etcdOptions,
  signing: signingOptions,
  networking_vpp: networkingVppOptions,
  auth: authOptions,
  neutron: neutronOptions,
  quotas: quotaOptions,
  tap_mirrors: tapMirrorOptions,
  rate_limit: rateLimitOptions,
  strangers: strangerOptions,
  write_budget: writeBudgetOptions,
  etcd_space: etcdSpaceOptions,
  segments: segmentRangeOptions,
  project_share: projectShareOption,
  limits: limitOptions,
  captures: captureOptions,
  receipts: receiptOptions,
  taps: termOptions,
  dashboard: dashboardOptions,
  audit: auditOptions,
  election: electionOptions,
  log: logOptions,
});
export type ServerConfig = Static<typeof serverConfigSchema>;

/**
 * What a schema cannot say of the options.
 * @param source names the configuration in the error
 * @throws ConfigError naming each wrong option
 */
export function checkServerConfig(config: ServerConfig, source: string): ServerConfig {
  const problems = [
    ...segmentRangeProblems(config.segments),
    ...etcdProblems(config.etcd),
    ...signingProblems(config.signing),
    ...networkingVppProblems(config),
    ...cloudProblems(config),
    ...auditProblems(config.audit),
    ...listenProblems(config.listen),
    ...tapMirrorProblems(config.tap_mirrors),
    ...termProblems(config.taps),
    ...dashboardProblems(config.dashboard),
    ...captureProblems(config.captures, config.segments),
    ...receiptProblems(config.receipts, config.segments),
  ];
  if (problems.length > 0) throw new ConfigError(source, problems);
  return config;
}

/** What is allowed and not safe, for the log at the start. */
export function configWarnings(config: ServerConfig): string[] {
  return [...listenWarnings(config.listen), ...cloudWarnings(config)];
}
