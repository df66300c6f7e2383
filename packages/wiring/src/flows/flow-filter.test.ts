import { etherTypes, type FilterRule } from '@taas/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FrameClassifier } from '../objects/frame-classifier.js';
import { flowFilter } from './flow-filter.js';
import { parseVlanFilter, vlanPrefixes } from './vlan-ranges.js';

const accept = (more: Partial<FilterRule> = {}): FilterRule => ({ action: 'accept', ...more });
const reject = (more: Partial<FilterRule> = {}): FilterRule => ({ action: 'reject', ...more });
const of = (filter: FilterRule[], vlan_filter: string | null = null) => flowFilter({ filter, vlan_filter });

/** What VPP's classifier does with a frame. */
function passes({ tables, permitOthers }: FrameClassifier, frame: Uint8Array): boolean {
  const hex = Buffer.from(frame).toString('hex').padEnd(64, '0');
  const masked = (mask: string) =>
    [...mask]
      .map((digit, n) => (Number.parseInt(digit, 16) & Number.parseInt(hex[n] ?? '0', 16)).toString(16))
      .join('');
  for (const { mask, sessions } of tables) {
    const hit = sessions.find(({ match }) => match === masked(mask));
    if (hit) return hit.permit;
  }
  return permitOthers;
}

/** Twelve bytes of addresses, then these. */
const header = (...words: number[]): Uint8Array =>
  Uint8Array.from([
    ...Array(12).fill(0xee),
    ...words.flatMap((word) => [word >> 8, word & 0xff]),
    ...Array(20).fill(0xee),
  ]);

describe('rules', () => {
  it('a rule without ethertype is one for each version of IP, unless its addresses say which', () => {
    expect(of([accept({ protocol: 17 })]).value?.rules.map(({ source }) => source)).toEqual(['0.0.0.0/0', '::/0']);
    expect(of([accept({ source: 'fd00::/8' })]).value?.rules).toMatchObject([
      { source: 'fd00::/8', destination: '::/0' },
    ]);
    expect(of([accept({ ethertype: 0x800 })]).value?.rules).toMatchObject([{ source: '0.0.0.0/0' }]);
  });

  it('what is not IP passes by its ethertype alone, or not at all', () => {
    expect(of([accept({ protocol: 6 })]).value?.etherTypes).toEqual([0x800]);
    expect(of([accept({ ethertype: 0x806 }), reject({ ethertype: 0x806 })]).value?.etherTypes).toEqual([0x800, 0x806]);
    expect(of([reject({ ethertype: 0x806 }), accept({ ethertype: 0x806 })]).value?.etherTypes).toEqual([0x800]);
    expect(of([accept({ ethertype: 0x88cc }), reject(), accept()]).value?.etherTypes).toEqual([0x800, 0x88cc]);
    expect(of([accept({ ethertype: 0x806 })]).value?.rules).toMatchObject([{ permit: false }]);
  });

  it('all but some ethertypes are told apart behind up to two tags', () => {
    const { classifier, etherTypes } = of([reject({ ethertype: 0x806 }), accept()]).value ?? {};
    expect(etherTypes).toEqual([]);
    if (!classifier) throw new Error('no classifier');
    const denied = [
      header(0x806),
      header(0x8100, 5, 0x806),
      header(0x88a8, 5, 0x8100, 6, 0x806),
      header(0x9200, 0, 0x806),
    ];
    const permitted = [
      header(0x800),
      header(0x8100, 0x806, 0x800),
      header(0x8100, 5, 0x88cc),
      header(0x88cc, 0x806, 0x806),
    ];
    expect(denied.map((frame) => passes(classifier, frame))).toEqual(denied.map(() => false));
    expect(permitted.map((frame) => passes(classifier, frame))).toEqual(permitted.map(() => true));
    expect(of([accept(), reject({ ethertype: 0x806 })]).value?.classifier).toBeNull();
  });

  it.each<[string, FilterRule, RegExp]>([
    [
      'ports of SCTP',
      accept({ protocol: 132, source_ports: [1, 2] }),
      /rule 0 .* names ports without protocol 6 or 17/,
    ],
    ['ports of anything', accept({ destination_ports: [1, 2] }), /ports without protocol/],
    ['addresses of two versions', accept({ source: '10.0.0.0/8', destination: 'fd00::/8' }), /do not fit/],
    ['an address of the other version', accept({ ethertype: 0x86dd, source: '10.0.0.0/8' }), /do not fit/],
    ['a protocol of ARP', accept({ ethertype: 0x806, protocol: 6 }), /only IPv4 and IPv6 have/],
    ['an extension header', accept({ protocol: 44 }), /extension header/],
    ['ports upside down', accept({ protocol: 6, source_ports: [2, 1] }), /ends before it begins/],
  ])('refuses what VPP cannot do exactly: %s', (_, rule, reason) => {
    expect(of([rule]).blocker).toMatchObject({ status: 'ERROR', reason: expect.stringMatching(reason) });
  });
});

describe('VLANs', () => {
  const range = fc.tuple(fc.nat(4095), fc.nat(4095)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);

  it('prefixes are the range, each VLAN once', () => {
    fc.assert(
      fc.property(range, ([first, last]) => {
        const ids = vlanPrefixes([first, last]).flatMap(({ value, length }) =>
          Array.from({ length: 2 ** (12 - length) }, (_, n) => value + n),
        );
        expect(ids).toEqual(Array.from({ length: last - first + 1 }, (_, n) => first + n));
      }),
    );
  });

  it('exactly the frames whose outermost tag is named pass, whatever follows', () => {
    const ranges = fc.array(range, { minLength: 1, maxLength: 5 });
    const tag = fc.constantFrom(0x8100, 0x88a8, 0x9100, 0x9200, 0x0800, 0x8101);
    const frame = fc.tuple(tag, fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0x800, 0x8100), fc.nat(4095));
    fc.assert(
      fc.property(ranges, fc.array(frame, { maxLength: 30 }), (list, frames) => {
        const text = list.map(([a, b]) => (a === b ? `${a}` : `${a}-${b}`)).join(',');
        const classifier = of([], text).value?.classifier;
        if (!classifier) throw new Error('no classifier');
        for (const [type, control, ...rest] of [...frames, ...list.map(([a]) => [0x8100, a, 0x800, 0] as const)]) {
          const named = list.some(([a, b]) => (control & 0xfff) >= a && (control & 0xfff) <= b);
          const tagged = [0x8100, 0x88a8, 0x9100, 0x9200].includes(type);
          expect(passes(classifier, header(type, control, ...rest))).toBe(tagged && named);
        }
      }),
    );
  });

  it('says what of a filter no frame can match', () => {
    expect(parseVlanFilter('4096').blocker?.reason).toMatch(/above 4095/);
    expect(parseVlanFilter('10-1').blocker?.reason).toMatch(/10-1 ends before it begins/);
    expect(parseVlanFilter(Array(300).fill('7').join()).blocker?.reason).toMatch(/300 parts/);
    expect(parseVlanFilter('5-7,1,2,6-9\n').value).toEqual([
      [1, 2],
      [5, 9],
    ]);
  });
});

describe('IPv6 prefixes on a VPP that matches whole bytes of them', () => {
  const from = (source: string) => ({ action: 'accept', ethertype: etherTypes.ipv6, source }) as const;

  it('are divided, and all others stay', () => {
    const rules = flowFilter({ filter: [from('2001:db8::/39')], vlan_filter: null }, 'whole bytes').value?.rules ?? [];
    expect(rules.map(({ source }) => source)).toEqual(['2001:db8::/40', '2001:db8:100::/40']);
  });

  it('are refused with the reason and the way out where they would be too many', () => {
    const filter = Array.from({ length: 9 }, () => from('2001:db8::/33'));
    const { blocker } = flowFilter({ filter, vlan_filter: null }, 'whole bytes');
    expect(blocker?.reason).toMatch(/multiple of 8.* more than 1024 rules: use such lengths$/);
    expect(flowFilter({ filter: filter.slice(1), vlan_filter: null }, 'whole bytes').value?.rules).toHaveLength(1024);
  });
});
