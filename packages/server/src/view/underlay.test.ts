import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Underlay } from './underlay.js';

it('knows the addresses that several nodes claim, whatever they have claimed before and however they spell them', () => {
  const node = fc.constantFrom('a', 'b', 'c', 'd');
  const address = fc.constantFrom(null, '10.0.0.1', '10.0.0.2', 'fd00::1', 'FD00:0::1', 'no address');
  fc.assert(
    fc.property(fc.array(fc.tuple(node, address), { maxLength: 30 }), (said) => {
      const underlay = new Underlay();
      const live = new Map<string, string>();
      for (const [who, where] of said) {
        underlay.setLive(who, where);
        if (where === null) live.delete(who);
        else live.set(who, where.toLowerCase().replace('fd00:0::1', 'fd00::1'));
      }
      const addresses = [...new Set(live.values())];
      const claims = addresses.map((each) => ({
        address: each,
        nodes: [...live.keys()].filter((n) => live.get(n) === each),
      }));
      const expected = claims
        .filter(({ nodes }) => nodes.length > 1)
        .map((each) => ({ ...each, nodes: each.nodes.sort() }));
      const byAddress = (all: readonly { readonly address: string }[]) =>
        [...all].sort((one, other) => (one.address < other.address ? -1 : 1));
      expect(byAddress(underlay.contested)).toEqual(byAddress(expected));
    }),
    { numRuns: 500 },
  );
});
