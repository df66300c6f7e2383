import { matchesAny } from './name-pattern.js';
import type { SignatureDesk } from './signature-desk.js';
import type { KeySigner } from './signed-store.js';

/** Who signs a key's value. */
export type KeyOwner =
  | { readonly is: 'server' }
  | { readonly is: 'node'; readonly node: string }
  | { readonly is: 'networking-vpp' };

export interface KeySignersOptions {
  readonly ownerOf: (key: string) => KeyOwner | null;
  readonly isBeating: (key: string) => boolean;
  /** Who we are. */
  readonly self: KeyOwner;
  /** Null where our own are not signed. */
  readonly ours: { readonly desk: SignatureDesk; readonly serverNames: readonly string[] } | null;
  /** Null where networking-vpp does not sign. */
  readonly controllers: { readonly desk: SignatureDesk; readonly names: readonly string[] } | null;
}

/** Which certificate's signature each key needs. */
export function keySigners(options: KeySignersOptions): (key: string) => KeySigner | null {
  const { ownerOf, isBeating, self, ours, controllers } = options;
  return (key) => {
    const owner = ownerOf(key);
    if (owner?.is === 'networking-vpp') {
      if (controllers === null) return null;
      const isName = (name: string) => matchesAny(controllers.names, name);
      return { desk: controllers.desk, who: "Neutron's server", isName, ours: false, beating: false };
    }
    if (owner === null || ours === null) return null;
    const common = { desk: ours.desk, beating: isBeating(key) };
    if (owner.is === 'node') {
      const { node } = owner;
      const own = self.is === 'node' && self.node === node;
      return { ...common, who: `the agent of node ${node}`, isName: (name) => name === node, ours: own };
    }
    const isName = (name: string) => matchesAny(ours.serverNames, name);
    return { ...common, who: 'a TaaS server', isName, ours: self.is === 'server' };
  };
}
