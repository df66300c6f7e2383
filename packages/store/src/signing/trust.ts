import type { Clock, Logger, Metrics } from '@taas/service';
import {
  type AskProtection,
  askEtcd,
  type EtcdToCheck,
  keepAskingProtection,
  protectionCheckMs,
  untilProtected,
} from '../etcd-protection.js';
import { guardedStore } from '../guarded-store.js';
import type { Compare, Store } from '../store.js';
import type { V2Follower } from '../v2-follower.js';
import { followAnew } from './follow-anew.js';
import { keepSigned } from './keep-signed.js';
import { type KeySignersOptions, keySigners } from './key-signers.js';
import type { Verdict } from './signature-desk.js';
import { exposeRefusals } from './signature-metrics.js';
import { SignedStore } from './signed-store.js';

export interface TrustOptions extends KeySignersOptions {
  /** As etcd has it. */
  readonly store: Store;
  /** Each etcd that has to ask who somebody is before we believe it. */
  readonly toCheck: readonly EtcdToCheck[];
  /** Below which what we write stands. */
  readonly prefixes: readonly string[];
  /** What the operator has chosen to do without; said in the log and in /readyz. */
  readonly warnings: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  /** How etcd is asked whether it is protected, and how often while the program runs, in ms. */
  readonly again?: { readonly ask: AskProtection; readonly everyMs: number };
}

/** A program's store of which it can believe what it reads, as far as its configuration goes. */
export interface Trust {
  /** Checked before it is used, signed and verified where that is configured. */
  readonly store: Store;
  readonly warnings: readonly string[];
  /** Aborts if etcd turns out to be anybody's; its reason says what to do. */
  readonly unprotected: AbortSignal;
  /** Verifies a value that came by another way than the store; null where it needs no signature. */
  readonly verify: (key: string, text: string) => Verdict | null;
  /** Follows anew when keys change by which its values are verified. */
  v2(follower: V2Follower): V2Follower;
  /** Checks until `signal` aborts. */
  keep(signal: AbortSignal): Promise<void>;
  /** Signs what is ours anew whenever our key changes, until `signal` aborts. */
  keepSigned(compare: readonly Compare[], signal: AbortSignal): Promise<void>;
  /** For /readyz. */
  facts(): Readonly<Record<string, unknown>>;
  /** Says in the metrics how many values were refused, and why. */
  expose(metrics: Metrics): void;
}

export function createTrust(options: TrustOptions): Trust {
  const { toCheck, ours, controllers, clock, prefixes, warnings } = options;
  const unprotected = new AbortController();
  let open: readonly string[] = [];
  const tell = (now: readonly string[]): void => {
    open = now;
    if (now.length === 0) options.logger.warn({}, 'etcd is protected again');
    // It goes on: who stops here stops honest work too, and what was written meanwhile stays written.
    for (const advice of now) options.logger.error({}, `ETCD IS NOT PROTECTED ANY MORE: ${advice}`);
  };
  const again = { clock, ...(options.again ?? { ask: askEtcd, everyMs: protectionCheckMs }) };
  let clear: () => void = () => undefined;
  const cleared = new Promise<void>((resolve, reject) => {
    clear = resolve;
    unprotected.signal.addEventListener('abort', () => reject(unprotected.signal.reason), { once: true });
  });
  const guarded = toCheck.length === 0 ? options.store : guardedStore(options.store, cleared);
  const signerOf = keySigners(options);
  const desks = [ours?.desk, controllers?.desk].filter((desk) => desk !== undefined);
  const signed = desks.length === 0 ? null : new SignedStore(guarded, { signerOf, desks, clock });
  return {
    store: signed ?? guarded,
    warnings,
    unprotected: unprotected.signal,
    verify: (key, text) => {
      const signer = signerOf(key);
      return signer?.desk.open(key, text, signer) ?? null;
    },
    v2: (follower) => ({
      follow: (directory, signal) => followAnew(desks, signal, (until) => follower.follow(directory, until)),
      close: () => follower.close(),
    }),
    keep: async (signal) => {
      const checking = untilProtected(toCheck, { ...options, ask: again.ask }, signal).then(clear, (error: unknown) => {
        if (!signal.aborted) unprotected.abort(error);
      });
      await checking;
      if (!unprotected.signal.aborted) await keepAskingProtection(toCheck, again, tell, signal);
    },
    keepSigned: async (compare, signal) => {
      if (signed === null || ours === null) return;
      await keepSigned({ ...options, store: signed, desk: ours.desk, prefixes, compare }, signal);
    },
    facts: () => ({
      ...(ours === null ? {} : { signatures: ours.desk.facts() }),
      ...(controllers === null ? {} : { networking_vpp_signatures: controllers.desk.facts() }),
      ...(open.length === 0 ? {} : { etcd_unprotected: open }),
      ...(warnings.length === 0 ? {} : { etcd_warnings: warnings }),
    }),
    expose: (metrics) => exposeRefusals(metrics, desks),
  };
}
