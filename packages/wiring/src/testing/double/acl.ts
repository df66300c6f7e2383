import { type AclStep, inputAcls, putEtherTypes } from '../../objects/acl.js';
import { featureBits } from '../../objects/layer2-features.js';
import { type Double, type DoubleWorld, Refused } from './world.js';

export const aclDouble = (world: DoubleWorld): Double<AclStep> => {
  const { state } = world;
  let next = 0;
  return {
    'create-acl': ({ as, tag, rules }) => {
      const index = next++;
      world.refs.set(as, index);
      state.acls.put(index, { index, tag, rules });
    },
    'replace-acl': ({ index, tag, rules }) => state.acls.put(index, { index, tag, rules }),
    'delete-acl': ({ at }) => {
      const acl = world.at(at, true);
      for (const { index } of state.interfaces.all())
        if (inputAcls(index, state).includes(acl)) throw new Refused('ACL in use');
      state.acls.delete(acl);
    },
    'bind-acls': ({ at, acls }) => {
      const index = world.at(at);
      const input = acls.map((acl) => world.at(acl, true));
      const before = inputAcls(index, state).length > 0;
      state.aclBindings.put(index, { input, output: [] });
      // The feature is switched with the first ACL and the last.
      if (before !== input.length > 0) world.switch(index, featureBits.inputAcl, input.length > 0);
    },
    'set-ether-types': ({ at, types }) => putEtherTypes(state, world.at(at), types),
  };
};
