import { type Direction, type Station, type Tunnels, tunnelsOf } from '../../scenarios/mesh/mesh-model.js';

/**
 * What became of a request: `accepted` (2xx), `refused` (4xx), or `unknown` (5xx, or no answer), when it may have been
 * carried out or not.
 */
export type Outcome = 'accepted' | 'refused' | 'unknown';

export type TapKind = 'tap_services' | 'tap_flows' | 'tap_mirrors';

/** A tap that somebody has asked for. Names are unique in a run, so that one whose answer was lost can be recognised. */
export interface Asked {
  readonly kind: TapKind;
  readonly name: string;
  readonly project: string;
  readonly port: number;
  /** Of a flow: its service, and its direction. */
  readonly service: Asked | null;
  readonly direction: Direction;
  /** Of a mirror. */
  readonly tunnels: Tunnels;
  created: Outcome;
  id: string | null;
  /** The best that any deletion of it, or of its service, was answered. */
  deleted: Outcome | null;
  /** The last change of the description that was accepted; and whether later ones may have been carried out. */
  description: string;
  readonly perhaps: Set<string>;
}

/** Somebody who is to be given a copy. What has the same reason is copied once. */
export interface Taker {
  readonly at: Station;
  readonly reason: string;
}

/** Who is to be given copies of what the tap's port sends (OUT), or is sent (IN). */
export function takersOf(tap: Asked, side: Exclude<Direction, 'BOTH'>): Taker[] {
  if (tap.kind === 'tap_mirrors')
    return tunnelsOf(tap.tunnels, side).map((at) => ({ at, reason: `${tap.name} ${at}` }));
  if (tap.service === null || (tap.direction !== 'BOTH' && tap.direction !== side)) return [];
  return [{ at: `port:${tap.service.port}`, reason: `${tap.service.name} port:${tap.port} ${side}` }];
}

/** All that was asked of the API in a run, and what it answered. */
export class Ledger {
  readonly asked: Asked[] = [];

  add(tap: Omit<Asked, 'id' | 'deleted' | 'created' | 'description' | 'perhaps'>): Asked {
    const asked: Asked = { ...tap, created: 'unknown', id: null, deleted: null, description: '', perhaps: new Set() };
    this.asked.push(asked);
    return asked;
  }

  /** Taps that are known to be there, and that nobody has asked to delete. */
  living(kind: TapKind): Asked[] {
    return this.asked.filter((tap) => tap.kind === kind && tap.created === 'accepted' && tap.deleted === null);
  }

  flowsOf(service: Asked): Asked[] {
    return this.asked.filter((tap) => tap.service === service);
  }

  named(name: string): Asked | undefined {
    return this.asked.find((tap) => tap.name === name);
  }

  /** A deletion was asked for; of a service, it takes its flows along. A refused one has changed nothing. */
  deletion(tap: Asked, outcome: Outcome): void {
    if (outcome === 'refused') return;
    for (const each of [tap, ...this.flowsOf(tap)]) if (each.deleted !== 'accepted') each.deleted = outcome;
  }
}
