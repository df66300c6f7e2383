import type { Clock, Logger, Metrics } from '@taas/service';
import type { Store, StoreCare, Trust, V2Follower } from '@taas/store';
import type { OpenReceiver } from '../captures/receiver-socket.js';
import type { PageFiles } from '../dashboard/page-files.js';
import type { OpenSender } from '../receipts/sender-socket.js';
import type { OpenFiles } from '../server-files.js';

/** What a server is given. */
export interface ServerDeps {
  /** Closed by whoever made it, after the server's stop. */
  readonly store: Store;
  /** Of the etcd that the store is in; without it nobody looks how full it is. */
  readonly care?: StoreCare;
  /** Follows networking-vpp's keys, for `networking_vpp.bindings` etcd-v2; closed by whoever made it. */
  readonly v2?: V2Follower;
  /** The files that the options name, and who looks at them; without, they are read once. */
  readonly files?: OpenFiles;
  /** Whom to believe, where `store` is its; without it, whatever stands in etcd. Kept by whoever made it. */
  readonly trust?: Trust;
  /** What GET /metrics on the health port shows; without it, nothing is there. */
  readonly metrics?: Metrics;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  /** A new UUID at each call. */
  readonly newId: () => string;
  /** Who this replica is in the election; for people. */
  readonly replica: string;
  /** What the dashboard is made of; without it there is none. */
  readonly page?: PageFiles;
  /** This program's, for people. */
  readonly version?: string;
  /** Where copies of captures arrive; a UDP socket if absent. */
  readonly openReceiver?: OpenReceiver;
  /** From where receipts are sent; a UDP socket if absent. */
  readonly openSender?: OpenSender;
}
