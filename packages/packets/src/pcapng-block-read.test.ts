import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readBlock } from './pcapng-block-read.js';
import { pcapngInterface, pcapngPacket, pcapngSection, pcapngStatistics } from './pcapng-write.js';

it('a block is what was written', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 99 }), fc.nat(5), fc.string({ maxLength: 40 }), (frame, index, name) => {
      const packet = { interface: index, timeNs: 5n, frame, length: 1_000, dropped: 0n, direction: 'inbound' } as const;
      expect(readBlock(pcapngPacket(packet))).toEqual({ is: 'packet', interface: index, frame, length: 1_000 });
      const described = pcapngInterface({ name, description: 'd', snapLength: 0 });
      expect(readBlock(described)).toEqual({ is: 'interface', name });
    }),
  );
  expect(readBlock(pcapngSection({ comment: 'c', application: 'a' }))).toEqual({ is: 'section' });
  const counted = { interface: 0, timeNs: 1n, startNs: 0n, received: 1n, dropped: 0n, delivered: 1n };
  expect(readBlock(pcapngStatistics(counted))).toEqual({ is: 'other' });
});

it('whatever bytes are read as something', () => {
  fc.assert(
    fc.property(fc.constantFrom(1, 6, 0x0a0d0d0a, 5), fc.uint8Array({ maxLength: 80 }), (type, bytes) => {
      const block = new Uint8Array(4 + bytes.length);
      new DataView(block.buffer).setUint32(0, type, true);
      block.set(bytes, 4);
      expect(readBlock(block)).toHaveProperty('is');
    }),
  );
});
