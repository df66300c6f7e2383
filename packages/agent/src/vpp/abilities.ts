import { type Ability, abilities } from '@taas/model';
import { greTunnels } from './objects/gre.js';
import { policers } from './objects/policer.js';
import type { Vpp } from './vpp-messages.js';

/** What of all that taps may ask for a VPP can do: for the agent's record, so that a server refuses what its node cannot. */
export function abilitiesOf(vpp: Vpp): Ability[] {
  const can: Readonly<Record<Ability, boolean>> = {
    // Without them the VPP would have been refused.
    vlan: true,
    vxlan: true,
    erspan: true,
    gre: greTunnels.of(vpp).keys,
    policers: policers.isOn(vpp),
  };
  return abilities.filter((ability) => can[ability]);
}
