import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { neutronPath, portOfPath } from './neutron-path.js';

const id = fc.uuid();

/** Spellings of a path that Neutron takes for the same, as measured on Neutron 21. */
const spelled = (path: string) =>
  fc
    .tuple(
      fc.array(fc.boolean(), { minLength: path.length, maxLength: path.length }),
      fc.array(fc.constantFrom('/', '//', '%2F', '%2f/'), { minLength: 8, maxLength: 8 }),
      fc.constantFrom('', '.json', '/', '.json/', '//'),
      fc.constantFrom('', '?', '?fields=id', '?a=%'),
      fc.constantFrom('', 'http://cloud.example:9696'),
    )
    .map(([encode, slashes, end, query, origin]) => {
      let slash = 0;
      const inside = [...path].map((letter, at) => {
        if (letter === '/') return at === 0 ? '/' : slashes[slash++ % slashes.length];
        return encode[at] ? `%${letter.charCodeAt(0).toString(16)}` : letter;
      });
      return `${origin}${inside.join('')}${end}${query}`;
    });

describe('neutronPath', () => {
  it('reads every spelling of a path that Neutron takes as the same path', () => {
    fc.assert(
      fc.property(
        id.chain((port) => fc.tuple(fc.constant(port), spelled(`/v2.0/ports/${port}`))),
        ([port, target]) => {
          expect(neutronPath(target)).toEqual(['v2.0', 'ports', port]);
          expect(portOfPath(neutronPath(target))).toBe(port);
        },
      ),
    );
  });

  it('does not throw for anything that a client may send', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (target) => {
        const parts = neutronPath(target);
        expect(parts === null || parts.every((part) => part !== '/')).toBe(true);
      }),
    );
  });

  it.each([
    ['/v2.0/ports/%zz', null],
    ['/v2.0', ['v2.0']],
    ['/', []],
    ['*', ['*']],
    ['/V2.0/Ports', ['V2.0', 'Ports']],
    ['/v2.0/./ports', ['v2.0', '.', 'ports']],
    ['/v2.0/extensions/taas.json', ['v2.0', 'extensions', 'taas']],
  ])('%s', (target, parts) => {
    expect(neutronPath(target)).toEqual(parts);
  });
});

describe('portOfPath', () => {
  const port = '0b1e7b44-1111-4222-8333-444455556666';
  it('knows the port in capitals and with blanks, as a MariaDB finds it', () => {
    expect(portOfPath(['v2.0', 'ports', `${port.toUpperCase()} `])).toBe(port);
  });
  it.each([
    [null],
    [['v2.0', 'ports']],
    [['v2.0', 'ports', 'name']],
    [['v2.0', 'ports', port, 'bindings']],
    [['v2.0', 'networks', port]],
    [['ports', port]],
  ])('%j is no port', (parts) => {
    expect(portOfPath(parts)).toBeNull();
  });
});
