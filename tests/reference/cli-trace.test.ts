import { filterVerdict, vlanVerdict } from '@taas/cli/testing';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { anyPacket, anyRule, isCopied, type Packet } from '../scenarios/filtered-packet.js';

/** As `taas trace` knows a packet. */
function asTraced({ tags, body }: Packet) {
  const ip = 'version' in body ? body : null;
  return {
    tags,
    ethertype: 'version' in body ? (body.version === 4 ? 0x800 : 0x86dd) : body.ethertype,
    ip: ip && {
      ...{ version: ip.version, source: ip.src, destination: ip.dst, protocol: ip.protocol },
      ...{ sourcePort: ip.srcPort, destinationPort: ip.dstPort, isLaterFragment: ip.fragment === 'later' },
    },
  };
}
const vlans = fc.option(
  fc.array(
    fc.tuple(fc.nat(4094), fc.nat(20)).map(([first, more]) => [first, Math.min(first + more, 4094)] as const),
    {
      minLength: 1,
      maxLength: 3,
    },
  ),
);

it('taas trace decides about a packet as the documentation reads', () => {
  fc.assert(
    fc.property(anyPacket, fc.array(anyRule, { maxLength: 6 }), vlans, (packet, rules, ranges) => {
      const traced = asTraced(packet);
      const text = ranges?.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',') ?? null;
      const verdicts = [vlanVerdict(text, traced), filterVerdict(rules, traced)];
      // Each by itself, since one that lets nothing pass would hide what the other does.
      const read = [isCopied(packet, [], ranges), isCopied(packet, rules, null)];
      expect(verdicts.map(({ is }) => is === 'copied')).toEqual(read);
      // Nothing was left unsaid of the packet, so nothing is left undecided.
      expect(verdicts.map(({ is }) => is)).not.toContain('undecided');
    }),
    { numRuns: 5_000 },
  );
});

it('taas trace never decides otherwise once more is said of the packet', () => {
  fc.assert(
    fc.property(anyPacket, fc.array(anyRule, { maxLength: 6 }), fc.boolean(), (packet, rules, withProtocol) => {
      const traced = asTraced(packet);
      const unsaid = {
        sourcePort: undefined,
        destinationPort: undefined,
        ...(withProtocol ? {} : { protocol: undefined }),
      };
      const vague = filterVerdict(rules, { ...traced, ip: traced.ip && { ...traced.ip, ...unsaid } });
      if (vague.is !== 'undecided') expect(vague).toEqual(filterVerdict(rules, traced));
    }),
    { numRuns: 2_000 },
  );
});
