import { type GreStep, greKey } from '../../objects/gre.js';
import { type Double, type DoubleWorld, Refused } from './world.js';

export const greDouble = (world: DoubleWorld): Double<GreStep> => ({
  'create-gre': ({ as, instance, spec }) => {
    const { gres } = world.state;
    if (gres.keysBy('spec', greKey(spec)).size > 0) throw new Refused('tunnel exists');
    if (gres.keysBy('instance', instance).size > 0) throw new Refused('instance in use');
    const mtu = { packet: 9000, ip4: 9000, ip6: 9000 };
    const index = world.addInterface({ name: `gre${instance}`, adminUp: false, mtu });
    gres.put(index, { index, instance, ...spec });
    world.refs.set(as, index);
  },
  'delete-gre': ({ at }) => world.remove(world.at(at)),
});
