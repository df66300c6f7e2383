import type { ActualView } from '../snapshot.js';
import { hashOf } from '../tags.js';
import type { MirrorLeg } from './mirror-leg.js';
import { type MirrorTunnel, tunnelKey, tunnelKinds } from './mirror-tunnel.js';

/** Numbers of our mirrors' tunnels: high ones, which VPP itself gives to nobody ("ta" in the upper half). */
const firstInstance = 0x7461_0000;
const instances = 0x1_0000;

/** Whether a tunnel has a number that only we ask for. */
export function isOurInstance(instance: number): boolean {
  return instance >= firstInstance && instance < firstInstance + instances;
}

/** What a plan's own tunnels have taken that VPP does not know of yet. */
export class TakenTunnels {
  readonly #keys = new Set<string>();
  readonly #instances = new Set<number>();
  readonly #adopted = new Set<number>();

  /** A leg takes over a tunnel that was made and not tagged. */
  adopt(index: number): void {
    this.#adopted.add(index);
  }

  isAdopted(index: number): boolean {
    return this.#adopted.has(index);
  }

  /** @returns whether nothing else in this plan makes the same tunnel */
  claim(tunnel: MirrorTunnel): boolean {
    const key = tunnelKey(tunnel);
    if (this.#keys.has(key)) return false;
    this.#keys.add(key);
    return true;
  }

  /** A free number for the leg's tunnel, always the same as long as it is free; undefined if there is none. */
  instance({ id, spec }: MirrorLeg, actual: ActualView): number | undefined {
    const wish = hashOf(id) % instances;
    for (let n = 0; n < instances; n++) {
      const instance = firstInstance + ((wish + n) % instances);
      if (tunnelKinds[spec.type].isTaken(instance, actual) || this.#instances.has(instance)) continue;
      this.#instances.add(instance);
      return instance;
    }
    return undefined;
  }
}
