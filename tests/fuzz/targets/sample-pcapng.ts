import type { CapturedFrame } from '@taas/packets';

/** The frames as pcapng, a block of each kind that holds packets in turn (the format's draft, sections 4.1 to 4.5 and A). */
export function pcapngOf(frames: readonly CapturedFrame[]): Uint8Array {
  const blocks = [
    block(0x0a0d0d0a, u32(0x1a2b3c4d), u16(1), u16(0), u32(0xffffffff), u32(0xffffffff)),
    block(1, u16(1), u16(0), u32(0)),
    ...frames.map(({ frame, timeNs }, n) => {
      const micros = timeNs / 1000n;
      const time = [u32(Number(micros >> 32n)), u32(Number(micros & 0xffffffffn))];
      const lengths = [u32(frame.length), u32(frame.length)];
      if (n % 3 === 0) return block(6, u32(0), ...time, ...lengths, frame);
      if (n % 3 === 1) return block(2, u16(0), u16(0), ...time, ...lengths, frame);
      return block(3, u32(frame.length), frame);
    }),
  ];
  return new Uint8Array(Buffer.concat(blocks));
}

function block(type: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts);
  const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)]);
  const length = u32(padded.length + 12);
  return Buffer.concat([u32(type), length, padded, length]);
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u16(value: number): Uint8Array {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}
