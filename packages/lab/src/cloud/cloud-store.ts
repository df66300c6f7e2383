import { createEtcdStore, type Store } from '@taas/store';
import { createEmbeddedStore, type EmbeddedStore, type EtcdProcess, launchEtcd } from '@taas/store/testing';
import type { CloudOptions } from './cloud-options.js';

/** The store that a cloud's parts share. */
export interface CloudStore {
  /** Another connection to it: a lease ends with the connection that took it. */
  connect(): Store;
  /** Of etcd; none: the store is in this process. */
  readonly endpoints: readonly string[];
  /** The etcd that was started for this cloud. */
  readonly etcd: EtcdProcess | undefined;
  readonly embedded: EmbeddedStore | undefined;
  close(): Promise<void>;
}

/** @throws Error when etcd does not start */
export async function openCloudStore(options: CloudOptions): Promise<CloudStore> {
  const { store, clock, logger } = options;
  if (store === 'embedded') {
    const embedded = createEmbeddedStore({ clock });
    const close = () => embedded.close();
    return { connect: () => embedded.client(), endpoints: [], etcd: undefined, embedded, close };
  }
  const etcd = 'etcd' in store ? await launchEtcd({ clock, ...forBindings(options), ...store.etcd }) : undefined;
  const endpoints = 'endpoints' in store ? store.endpoints : etcd === undefined ? [] : [etcd.endpoint];
  return {
    connect: () => createEtcdStore({ endpoints, clock, logger, random: Math.random }),
    ...{ endpoints, etcd, embedded: undefined },
    close: async () => etcd?.close(),
  };
}

/** etcd does not serve its v2 API unless it is told to. */
function forBindings({ bindings }: CloudOptions): { readonly args?: readonly string[] } {
  return bindings === 'etcd-v2' ? { args: ['--enable-v2'] } : {};
}
