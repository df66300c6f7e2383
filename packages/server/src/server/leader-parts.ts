import { Compiler } from '../compiler/compiler.js';
import type { ServerConfig } from '../config.js';
import { openEtcdKeeper } from '../etcd-space/open-etcd-keeper.js';
import { PhysnetKeeper } from '../physnets/physnet-keeper.js';
import { bindingsFrom } from '../ports/bindings-from.js';
import { PortKeeper } from '../ports/port-keeper.js';
import { ReceiptSender } from '../receipts/receipt-sender.js';
import { udpSender } from '../receipts/sender-socket.js';
import { MigrationLog } from '../status/migration-log.js';
import { TapExpiry } from '../taps/terms/tap-expiry.js';
import { OwnWrites } from '../view/own-writes.js';
import type { CloudParts } from './cloud-parts.js';
import type { ServerDeps } from './server-deps.js';
import type { SharedParts } from './shared-parts.js';

export type LeaderParts = ReturnType<typeof leaderParts>;

/** What does the leader's work; what all servers do of it, such as looking how full etcd is, stands with it. */
export function leaderParts(config: ServerConfig, deps: ServerDeps, shared: SharedParts, cloud: CloudParts) {
  const { random, trust, care } = deps;
  const { store, live, slices, clock, policy, remoteAddresses, audit, contained, warnBeforeMs } = shared;
  const { catchUpMs } = shared.limits;
  const loggerOf = (part: string) => deps.logger.child({ part });
  return {
    moves: new MigrationLog(live.view, clock, loggerOf('moves')),
    physnets: new PhysnetKeeper({
      store,
      live,
      policy,
      clock,
      random,
      logger: loggerOf('physnets'),
      neutron: cloud.neutron,
      keepMs: config.neutron.vlan_keep_ms,
    }),
    compiler: new Compiler({
      ...{ store, live, policy, remoteAddresses, slices, clock, random, logger: loggerOf('compiler') },
    }),
    ports: new PortKeeper({
      store,
      live,
      slices,
      clock,
      random,
      catchUpMs,
      contained,
      behalves: audit.behalves,
      bindings: bindingsFrom(config.networking_vpp.bindings, deps.v2),
      portDeleted: (port) => cloud.lookup?.forget(port),
      verify: trust?.verify ?? (() => null),
      neutron: cloud.neutron,
      logger: loggerOf('ports'),
    }),
    expiry: new TapExpiry({
      store,
      live,
      slices,
      clock,
      warnBeforeMs,
      catchUpMs,
      behalves: audit.behalves,
      writes: new OwnWrites(),
      isTold: (key) => audit.log.trail.has(key),
      logger: loggerOf('expiry'),
    }),
    receipts: new ReceiptSender({
      store,
      live,
      slices,
      clock,
      newId: deps.newId,
      openSender: deps.openSender ?? udpSender,
      places: { most: config.receipts.most, ofProject: config.receipts.most_of_project },
      address: config.receipts.address,
      listenAddress: config.receipts.listen_address || config.receipts.address,
      logger: loggerOf('receipts'),
    }),
    etcdSpace: care ? openEtcdKeeper(config.etcd_space, { care, clock, logger: loggerOf('etcd-space') }) : null,
  };
}
