import type { FaultCloud } from '../cloud/fault-cloud.js';
import type { Random } from '../random.js';
import type { World } from '../world/world.js';

/** A fault while it is there. */
export interface Injected {
  /** What it has hit, for people. */
  readonly on: string;
  /** Takes it away, as far as it does not end by itself. Safe to repeat, also when the last time failed. */
  heal(): Promise<void>;
}

/** Something that goes wrong in a cloud, from outside of what is tested. */
export interface Fault {
  readonly name: string;
  /** One line for people. */
  readonly what: string;
  /** Why it cannot be had in this cloud, or null. */
  available(cloud: FaultCloud): string | null;
  /** @param random decides what it hits, and how */
  inject(world: World, random: Random): Promise<Injected>;
}

export const always = (): null => null;
