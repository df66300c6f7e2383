import { type VxlanStep, vxlanKey } from '../../objects/vxlan.js';
import { type Double, type DoubleWorld, Refused } from './world.js';

export const vxlanDouble = (world: DoubleWorld): Double<VxlanStep> => ({
  'create-vxlan': ({ as, local, remote, vni }) => {
    const { vxlans } = world.state;
    if (vxlans.keysBy('spec', vxlanKey({ local, remote, vni })).size > 0) throw new Refused('tunnel exists');
    const index = world.addInterface({ name: `vxlan_tunnel${world.nextIndex}`, adminUp: false });
    vxlans.put(index, { index, local, remote, vni });
    world.refs.set(as, index);
  },
  'delete-vxlan': ({ at }) => world.remove(world.at(at)),
});
