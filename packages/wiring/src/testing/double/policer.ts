import { featureBits } from '../../objects/layer2-features.js';
import type { ActualPolicer, PolicerStep } from '../../objects/policer.js';
import { type Double, type DoubleWorld, Refused } from './world.js';

export const policerDouble = (world: DoubleWorld): Double<PolicerStep> => {
  const { state } = world;
  const { policings } = state;
  const made = new Map<number, ActualPolicer>();
  let next = 0;
  const list = () => state.policers.replace(Array.from(made.values(), (policer) => [policer.name, policer]));
  return {
    'create-policer': ({ as, name, kbps }) => {
      if (state.policers.has(name)) throw new Refused(`policer ${name} exists`);
      const index = next++;
      world.refs.set(as, index);
      made.set(index, { name, kbps });
      list();
    },
    'update-policer': ({ index, name, kbps }) => {
      if (made.get(index)?.name !== name) throw new Refused(`policer ${index} is another`);
      made.set(index, { name, kbps });
      list();
    },
    'delete-policer': ({ name }) => {
      const [index] = [...made].find(([, each]) => each.name === name) ?? [];
      if (index === undefined) throw new Refused(`no policer ${name}`);
      for (const { policer } of policings.all())
        if (policer?.index === index) throw new Error('deleted while frames are handed to it');
      made.delete(index);
      list();
    },
    'create-policing': ({ as, policer }) => world.addTable(as, { policer: world.at(policer, true) }),
    'attach-policer': ({ at, table: ref }) => {
      const [index, table] = [world.at(at), world.at(ref, true)];
      const policing = world.table(table);
      if (!policing || !('policer' in policing)) throw new Refused(`no table ${table}`);
      // As with filters.
      if (policings.has(index)) return;
      const name = made.get(policing.policer)?.name;
      const named = name === undefined ? null : { index: policing.policer, name };
      policings.put(index, { table, isOurs: true, policer: named });
      world.switch(index, featureBits.inputPolicer, true);
      world.listSpare();
    },
    'detach-policer': ({ at, table }) => {
      const index = world.at(at);
      if (policings.get(index)?.table !== world.at(table, true)) throw new Refused('another table is attached');
      policings.delete(index);
      world.switch(index, featureBits.inputPolicer, false);
      world.listSpare();
    },
  };
};
