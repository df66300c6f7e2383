import type { SubInterfaceStep } from '../../objects/sub-interface.js';
import { type Double, type DoubleWorld, Refused } from './world.js';

export const subInterfaceDouble = (world: DoubleWorld): Double<SubInterfaceStep> => ({
  'create-vlan': ({ as, parent, vlan, match }) => {
    for (const sub of world.state.interfaces.by('parent', parent))
      if (sub.subId === vlan) throw new Refused('VLAN exists');
    if (!world.state.interfaces.has(parent)) throw new Refused(`no interface ${parent}`);
    const entry = { name: `${parent}.${vlan}`, supIndex: parent, subId: vlan, vlan: { outer: vlan, match } };
    world.refs.set(as, world.addInterface({ ...entry, adminUp: false }));
  },
  'delete-vlan': ({ at }) => world.remove(world.at(at)),
  'set-rewrite': ({ at, pop }) => world.change(at, { rewrite: pop === 1 ? 3 : 0 }),
});
