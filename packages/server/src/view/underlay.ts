import { isIP } from 'node:net';
import { addressSpelling, type UnderlayRecord } from '@taas/model';
import type { Entry } from './entry.js';
import { Groups } from './groups.js';

/** Tunnel addresses of the cloud's nodes, as far as anybody has heard. */
export interface KnownUnderlay {
  /** Those that are recorded: of live nodes and of silent ones. The same array as long as nothing has changed. */
  readonly recorded: readonly string[];
  /** Those of live nodes that are not recorded yet. */
  readonly unrecorded: readonly string[];
  /** Node whose record of addresses cannot be read, or null. */
  readonly unreadable: string | null;
}

export interface ContestedAddress {
  readonly address: string;
  readonly nodes: readonly string[];
}

/** As many addresses as are kept of a node: a node that claims one after another must not fill etcd. */
export const maxAddressesOfNode = 16;

/** Tunnel addresses of nodes: those that are recorded, which stay, and those that live agents report now. */
export class Underlay implements KnownUnderlay {
  readonly #records = new Map<string, Entry<UnderlayRecord>>();
  readonly #live = new Map<string, string>();
  /** By address, in one spelling. */
  readonly #claims = new Groups<string, string>();
  /** Addresses that several nodes claim. */
  readonly #contested = new Set<string>();
  #recorded: readonly string[] | null = null;
  #unrecorded: readonly string[] | null = null;

  /** @returns whether addresses have come or gone */
  setRecord(node: string, entry: Entry<UnderlayRecord> | undefined): boolean {
    const before = this.#records.get(node);
    if (entry) this.#records.set(node, entry);
    else this.#records.delete(node);
    if (sameAddresses(before, entry)) return false;
    this.#recorded = null;
    this.#unrecorded = null;
    return true;
  }

  /** @param address what the node's agent reports now; null if nothing that could be an address */
  setLive(node: string, address: string | null): void {
    const before = this.#live.get(node) ?? null;
    if (before === address) return;
    if (address === null) this.#live.delete(node);
    else this.#live.set(node, address);
    if (before !== null) this.#claim(before, (spelled) => this.#claims.remove(spelled, node));
    if (address !== null) this.#claim(address, (spelled) => this.#claims.add(spelled, node));
    this.#unrecorded = null;
  }

  #claim(address: string, change: (spelled: string) => void): void {
    const spelled = isIP(address) === 0 ? address : addressSpelling(address);
    change(spelled);
    if (this.#claims.count(spelled) > 1) this.#contested.add(spelled);
    else this.#contested.delete(spelled);
  }

  record(node: string): Entry<UnderlayRecord> | undefined {
    return this.#records.get(node);
  }

  get recorded(): readonly string[] {
    this.#recorded ??= [...new Set([...this.#records.values()].flatMap(({ record }) => record?.addresses ?? []))];
    return this.#recorded;
  }

  get unrecorded(): readonly string[] {
    this.#unrecorded ??= [...this.#live.keys()].flatMap((node) => this.toRecord(node) ?? []);
    return this.#unrecorded;
  }

  get unreadable(): string | null {
    for (const [node, { record }] of this.#records) if (record === null) return node;
    return null;
  }

  /** Addresses that several nodes report now, and which. Nobody can tell which of them lies, or is misconfigured. */
  get contested(): readonly ContestedAddress[] {
    return [...this.#contested].map((address) => ({ address, nodes: [...this.#claims.get(address)].sort() }));
  }

  /** The nodes that have reported an address or have a record. */
  nodes(): Set<string> {
    return new Set([...this.#live.keys(), ...this.#records.keys()]);
  }

  /** What a node's agent reports and its record lacks; null if nothing. */
  toRecord(node: string): string | null {
    const live = this.#live.get(node);
    if (live === undefined || isIP(live) === 0) return null;
    return this.#records.get(node)?.record?.addresses.includes(live) ? null : live;
  }
}

function sameAddresses(one: Entry<UnderlayRecord> | undefined, other: Entry<UnderlayRecord> | undefined): boolean {
  return (
    JSON.stringify(one?.record?.addresses ?? one?.record) === JSON.stringify(other?.record?.addresses ?? other?.record)
  );
}
