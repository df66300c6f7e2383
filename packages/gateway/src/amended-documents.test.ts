import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amended, amendmentOf, taasExtensions, taasResources } from './amended-documents.js';

const additions = { extensions: taasExtensions, resources: taasResources };
const aliases = (document: unknown) =>
  (document as { extensions: { alias: string }[] }).extensions.map(({ alias }) => alias);

describe('which documents are amended', () => {
  it.each([
    [['v2.0'], 'resources'],
    [['v2.0', 'extensions'], 'extensions'],
    [['v2.0', 'extensions', 'tap-mirror'], 'extension'],
    [['v2.0', 'extensions', 'quotas'], undefined],
    [['v2.0', 'ports'], undefined],
    [['extensions'], undefined],
    [null, undefined],
  ])('%j: %s', (parts, is) => {
    expect(amendmentOf(parts, additions)?.is).toBe(is);
  });
});

describe('the list of extensions', () => {
  it("is Neutron's in Neutron's order, then what it lacks of ours", () => {
    const alias = fc.oneof(fc.constantFrom(...taasExtensions.map((each) => each.alias)), fc.string());
    fc.assert(
      fc.property(fc.uniqueArray(alias), (known) => {
        const document = { extensions: known.map((each) => ({ alias: each })), more: 1 };
        const result = amended({ is: 'extensions' }, document, 'http://h', additions);
        const ours = taasExtensions.map((each) => each.alias).filter((each) => !known.includes(each));
        expect(aliases(result)).toEqual([...known, ...ours]);
        expect(result).toMatchObject({ more: 1 });
      }),
    );
  });
});

describe('the list of resources', () => {
  it('has our collections, linked as Neutron links its own', () => {
    const href = 'https://cloud.example/network/v2.0/networks';
    const document = { resources: [{ name: 'network', collection: 'networks', links: [{ rel: 'self', href }] }] };
    const result = amended({ is: 'resources' }, document, 'http://h', additions) as { resources: unknown[] };
    expect(result.resources).toHaveLength(5);
    expect(result.resources[2]).toEqual({
      name: 'tap_flow',
      collection: 'tap_flows',
      links: [{ rel: 'self', href: 'https://cloud.example/network/v2.0/taas/tap_flows' }],
    });
  });

  it("takes the client's Host for links when Neutron has none to go by", () => {
    const result = amended({ is: 'resources' }, { resources: [] }, 'http://h:1', additions);
    expect(JSON.stringify(result)).toContain('http://h:1/v2.0/taas/tap_mirrors');
  });
});

it('leaves alone what is not the document that it should be', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom('extensions', 'resources'), (document, is) => {
      const list = (document as Record<string, unknown> | null)?.[is];
      fc.pre(!Array.isArray(list));
      expect(amended({ is } as { is: 'extensions' }, document, 'http://h', additions)).toBeUndefined();
    }),
  );
});
