export { createEmbeddedStore } from './embedded-store.js';
export {
  type EtcdConfig,
  etcdOptions,
  etcdProblems,
  etcdToCheck,
  type OpenEtcdDeps,
  openEtcd,
  openEtcdV2,
} from './etcd-config.js';
export type { EtcdStoreOptions, EtcdTlsOptions } from './etcd-options.js';
export { type EtcdToCheck, UnprotectedEtcdError, untilProtected } from './etcd-protection.js';
export { createEtcdStore, type EtcdStore } from './etcd-store.js';
export { guardedStore } from './guarded-store.js';
export { type CampaignOptions, campaign, type Leadership } from './leader.js';
export * from './signing/index.js';
export * from './store.js';
export type { MemberSpace, StoreCare } from './store-care.js';
export { StoreError, type StoreErrorCode } from './store-error.js';
export type { V2Change, V2Entry, V2Event, V2Index } from './v2-event.js';
export { createV2Follower, type V2Follower } from './v2-follower.js';
