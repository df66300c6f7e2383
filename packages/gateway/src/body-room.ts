import type { Client } from './clients.js';
import { bodyRoomFull, type GatewayError } from './gateway-error.js';

export interface BodyRoomLimits {
  /** What bodies of known clients may take together, in bytes. */
  readonly heldBytes: number;
  /** Of which those of one. */
  readonly heldBytesPerClient: number;
  /** What strangers' bodies may take together. */
  readonly strangerBytes: number;
  /** Of which those from one network. */
  readonly strangerBytesPerClient: number;
}

/** The memory of one body. */
export interface Holding {
  /** Takes more, before it is used. @returns whether there was as much */
  grow(bytes: number): boolean;
  /** The body is whole: it is not given up for others any more. */
  whole(): void;
  /** Gives everything back. */
  release(): void;
}

/** Memory for requests' bodies until Neutron has them: apart for strangers, and shared fairly among each. */
export class BodyRoom {
  readonly #known: Pool;
  readonly #strangers: Pool;

  constructor(limits: BodyRoomLimits) {
    this.#known = new Pool(limits.heldBytes, limits.heldBytesPerClient);
    this.#strangers = new Pool(limits.strangerBytes, limits.strangerBytesPerClient);
  }

  /** In bytes. */
  get held(): number {
    return this.#known.held + this.#strangers.held;
  }

  /** @param refuse is called when the room is needed by a client that has less of it */
  open(client: Client, refuse: (error: GatewayError) => void): Holding {
    return (client.known ? this.#known : this.#strangers).open(client.key, refuse);
  }
}

interface Arriving {
  bytes: number;
  readonly refuse: (error: GatewayError) => void;
}

interface Share {
  bytes: number;
  /** The oldest first. */
  readonly arriving: Set<Arriving>;
}

class Pool {
  held = 0;
  readonly #shares = new Map<string, Share>();

  constructor(
    private readonly total: number,
    private readonly perClient: number,
  ) {}

  open(key: string, refuse: (error: GatewayError) => void): Holding {
    const share = this.#shares.get(key) ?? { bytes: 0, arriving: new Set<Arriving>() };
    this.#shares.set(key, share);
    const mine: Arriving = { bytes: 0, refuse };
    share.arriving.add(mine);
    return {
      grow: (bytes) => {
        if (share.bytes + bytes > this.perClient) return false;
        while (this.held + bytes > this.total) if (!this.#makeRoom(share.bytes + bytes)) return false;
        mine.bytes += bytes;
        share.bytes += bytes;
        this.held += bytes;
        return true;
      },
      whole: () => void share.arriving.delete(mine),
      release: () => {
        share.arriving.delete(mine);
        share.bytes -= mine.bytes;
        this.held -= mine.bytes;
        mine.bytes = 0;
        const empty = share.bytes === 0 && share.arriving.size === 0;
        if (empty && this.#shares.get(key) === share) this.#shares.delete(key);
      },
    };
  }

  /** Gives up the latest body of whoever has most, if that is more than `bytes`. */
  #makeRoom(bytes: number): boolean {
    let largest: Share | undefined;
    for (const share of this.#shares.values()) {
      if (share.arriving.size > 0 && share.bytes > (largest?.bytes ?? bytes)) largest = share;
    }
    const victim = [...(largest?.arriving ?? [])].findLast((each) => each.bytes > 0);
    if (victim === undefined) return false;
    const before = this.held;
    victim.refuse(bodyRoomFull());
    return this.held < before;
  }
}
