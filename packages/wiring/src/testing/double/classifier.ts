import type { ClassifierStep } from '../../objects/classifier.js';
import { featureBits } from '../../objects/layer2-features.js';
import { type Double, type DoubleWorld, Refused } from './world.js';

export const classifierDouble = (world: DoubleWorld): Double<ClassifierStep> => {
  const { classifiers } = world.state;
  return {
    'create-classifier': ({ as, classifier }) => world.addTable(as, { filter: classifier }),
    'delete-classifier': ({ at }) => world.deleteTable(world.at(at, true)),
    'attach-classifier': ({ at, table: ref }) => {
      const [index, table] = [world.at(at), world.at(ref, true)];
      const made = world.table(table);
      if (!made || !('filter' in made)) throw new Refused(`no table ${table}`);
      // VPP answers that all is well, and changes nothing.
      if (classifiers.has(index)) return;
      classifiers.put(index, { table, classifier: made.filter });
      world.switch(index, featureBits.inputClassifier, true);
      world.listSpare();
    },
    'detach-classifier': ({ at, table }) => {
      const index = world.at(at);
      if (classifiers.get(index)?.table !== world.at(table, true)) throw new Refused('another table is attached');
      classifiers.delete(index);
      world.switch(index, featureBits.inputClassifier, false);
      world.listSpare();
    },
  };
};
