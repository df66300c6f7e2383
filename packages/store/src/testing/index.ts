export type { EmbeddedStore } from '../embedded-client.js';
export { createEmbeddedStore, type EmbeddedStoreOptions } from '../embedded-store.js';
export type { EtcdAuthSetup } from '../etcd-admin.js';
export { connectEndpoint } from '../etcd-endpoint.js';
export {
  type EtcdProcess,
  type EtcdProcessOptions,
  etcdInstallHint,
  findEtcd,
  launchEtcd,
  launchEtcdCluster,
} from '../etcd-process.js';
export { compareUnary, type UnaryRates } from './compare-unary.js';
