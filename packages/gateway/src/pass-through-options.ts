import type { Clock, Logger, Watched } from '@taas/service';
import type { ExtensionDocument, ResourceDocument } from './amended-documents.js';
import type { Clients } from './clients.js';
import type { ReaderLimits } from './reader-watch.js';

export interface PassThroughTimeouts {
  /** Until a connection to Neutron stands. */
  readonly connectMs: number;
  /** From the end of the request until the answer's first byte. */
  readonly answerMs: number;
  /** Between two pieces of a body, either way. */
  readonly idleMs: number;
  /** For a whole request body. */
  readonly bodyMs: number;
  /** How long a request may wait for others to end. */
  readonly queueMs: number;
  /** How long an unused connection to Neutron is kept. Shorter than Neutron's own limit, or requests meet a closed one. */
  readonly keepAliveMs: number;
  /** How long a port's deletion waits for {@link PassThroughHooks.afterPortDeleted}. */
  readonly hookMs: number;
}

export const defaultPassThroughTimeouts: PassThroughTimeouts = {
  connectMs: 5_000,
  answerMs: 120_000,
  idleMs: 60_000,
  bodyMs: 30_000,
  queueMs: 10_000,
  keepAliveMs: 4_000,
  hookMs: 10_000,
};

export interface PassThroughLimits {
  /** Requests to Neutron at a time. */
  readonly concurrent: number;
  /** Of which those of one client that is known: what one project or token may take of Neutron. */
  readonly concurrentPerClient: number;
  /** Of which those of strangers: requests without a token, or with one that was not used here lately. */
  readonly strangers: number;
  /** Of which those from one address (IPv6: from one /64). */
  readonly strangersPerClient: number;
  /** Requests that may wait for one of those to end, strangers' not counted. */
  readonly waiting: number;
  /** Strangers' requests that may wait; a quarter of it from one address. */
  readonly strangersWaiting: number;
  /** Largest request body, in bytes. Neutron itself has no limit, and is busy for minutes with a large one. */
  readonly bodyBytes: number;
  /** Largest request body without a Content-Length, in bytes. */
  readonly chunkedBodyBytes: number;
  /** Largest request body of a stranger, in bytes. */
  readonly strangerBodyBytes: number;
  /** Memory for bodies that arrive or wait, of clients that are known, in bytes. */
  readonly heldBytes: number;
  /** Of which for one client. */
  readonly heldBytesPerClient: number;
  /** Memory for strangers' bodies, in bytes. */
  readonly strangerBytes: number;
  /** Of which for those from one address. */
  readonly strangerBytesPerClient: number;
  /** Largest document that is amended, in bytes. */
  readonly documentBytes: number;
}

const mib = 1024 * 1024;

export const defaultPassThroughLimits: PassThroughLimits = {
  concurrent: 64,
  concurrentPerClient: 32,
  strangers: 24,
  strangersPerClient: 8,
  waiting: 512,
  strangersWaiting: 256,
  bodyBytes: 16 * mib,
  chunkedBodyBytes: mib,
  strangerBodyBytes: mib,
  heldBytes: 64 * mib,
  heldBytesPerClient: 32 * mib,
  strangerBytes: 16 * mib,
  strangerBytesPerClient: 4 * mib,
  documentBytes: 4 * 1024 * 1024,
};

export interface PortDeletion {
  /** The id that the client is told, Neutron's own. */
  readonly requestId: string;
  /** Aborts when the client is kept waiting no longer. */
  readonly signal: AbortSignal;
}

export interface PassThroughHooks {
  /**
   * Called when a DELETE of a port was answered with success, before its client hears of it; also if the client has gone. That
   * Neutron said so is not certain: a proxy before it may have. If it fails or takes too long, the client gets its answer nevertheless.
   */
  afterPortDeleted(portId: string, deletion: PortDeletion): Promise<void>;
}

export interface PassThroughOptions {
  /** Neutron itself, such as `http://127.0.0.1:9696`; a path in it is put before each request's. */
  readonly neutronUrl: string;
  /** CA certificates in PEM, instead of the system's. When they change, new connections trust the new ones. */
  readonly ca?: Watched<Buffer> | undefined;
  readonly timeouts?: Partial<PassThroughTimeouts>;
  readonly limits?: Partial<PassThroughLimits>;
  /** Tells strangers from those who are known. Default: by what Neutron answers alone, and no proxy is trusted. */
  readonly clients?: Clients;
  /** How slowly a client may read. */
  readonly reader?: ReaderLimits;
  readonly hooks?: Partial<PassThroughHooks>;
  /** What is added to the list of extensions. Default: all four of TaaS. */
  readonly extensions?: readonly ExtensionDocument[];
  /** What is added to the list of resources. Default: all three of TaaS. */
  readonly resources?: readonly ResourceDocument[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** A new UUID at each call, for the request ids of our own answers. */
  readonly newId: () => string;
}
