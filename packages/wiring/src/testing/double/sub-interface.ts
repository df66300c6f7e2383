import type { VlanMatch } from '../../objects/interface.js';
import type { SubInterfaceStep } from '../../objects/sub-interface.js';
import { type Double, type DoubleWorld, Refused } from './world.js';

export const subInterfaceDouble = (world: DoubleWorld): Double<SubInterfaceStep> => ({
  'create-vlan': ({ as, parent, vlan }) => add(world, as, parent, vlan, { outer: vlan, match: 'outer' }),
  'create-two-tags': ({ as, parent, outer, inner, subId }) =>
    add(world, as, parent, subId, { outer, inner, match: 'exact-two' }),
  'delete-vlan': ({ at }) => world.remove(world.at(at)),
  'set-rewrite': ({ at, pop }) => world.change(at, { rewrite: pop === 1 ? 3 : 0 }),
});

function add(world: DoubleWorld, as: string, parent: number, subId: number, vlan: VlanMatch): void {
  for (const sub of world.state.interfaces.by('parent', parent))
    if (sub.subId === subId) throw new Refused('VLAN exists');
  if (!world.state.interfaces.has(parent)) throw new Refused(`no interface ${parent}`);
  const entry = { name: `${parent}.${subId}`, supIndex: parent, subId, vlan };
  world.refs.set(as, world.addInterface({ ...entry, adminUp: false }));
}
