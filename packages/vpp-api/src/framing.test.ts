import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VppFrameError } from './errors.js';
import { encodeFrame, FRAME_HEADER_BYTES, FrameDecoder } from './framing.js';

type Message = readonly [id: number, payload: string];

function collector(maxFrameBytes?: number) {
  const messages: Message[] = [];
  const decoder = new FrameDecoder(
    (id, buffer, start, end) => messages.push([id, buffer.toString('hex', start, end)]),
    maxFrameBytes === undefined ? {} : { maxFrameBytes },
  );
  return { messages, decoder };
}

const message = fc.tuple(fc.integer({ min: 0, max: 0xffff }), fc.uint8Array({ maxLength: 80 }));

function expected(messages: readonly (readonly [number, Uint8Array])[]): Message[] {
  return messages.map(([id, payload]) => [id, Buffer.from(payload).toString('hex')]);
}

describe('FrameDecoder', () => {
  it('gives the same messages wherever the stream is split', () => {
    const sent: readonly (readonly [number, Uint8Array])[] = [
      [15, Uint8Array.of(1, 2, 3)],
      [0xffff, new Uint8Array(0)],
      [7, new Uint8Array(50).fill(9)],
    ];
    const stream = Buffer.concat(sent.map(([id, payload]) => encodeFrame(id, payload)));
    for (let first = 0; first <= stream.length; first++) {
      for (let second = first; second <= stream.length; second += 7) {
        const { messages, decoder } = collector();
        decoder.push(stream.subarray(0, first));
        decoder.push(stream.subarray(first, second));
        decoder.push(stream.subarray(second));
        expect(messages).toEqual(expected(sent));
        expect(decoder.heldBytes).toBe(0);
      }
    }
  });

  it('gives the same messages for any chunks', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 40 })), (sent, cuts) => {
        const stream = Buffer.concat(sent.map(([id, payload]) => encodeFrame(id, payload)));
        const { messages, decoder } = collector();
        let offset = 0;
        for (const cut of cuts) {
          decoder.push(stream.subarray(offset, offset + cut));
          offset += cut;
        }
        decoder.push(stream.subarray(offset));
        expect(messages).toEqual(expected(sent));
      }),
    );
  });

  it('holds back a message that is cut off, and says so', () => {
    const { messages, decoder } = collector();
    const frame = encodeFrame(1, new Uint8Array(100));
    decoder.push(frame.subarray(0, -1));
    expect(messages).toEqual([]);
    expect(decoder.heldBytes).toBe(frame.length - 1);
  });

  it('reassembles a message of megabytes from small chunks', () => {
    const { messages, decoder } = collector();
    const payload = Buffer.alloc(1_500_000, 'abc');
    const frame = encodeFrame(3, payload);
    for (let at = 0; at < frame.length; at += 4096) decoder.push(frame.subarray(at, at + 4096));
    expect(messages).toEqual([[3, payload.toString('hex')]]);
  });

  it.each([0, 1, 1001, 0xffffffff])('refuses a length of %i, and everything after it', (length) => {
    const { messages, decoder } = collector(1000);
    const header = Buffer.alloc(FRAME_HEADER_BYTES);
    header.writeUInt32BE(length, 8);
    decoder.push(encodeFrame(1, Uint8Array.of(1)));
    expect(() => decoder.push(header)).toThrow(VppFrameError);
    expect(() => decoder.push(encodeFrame(2, Uint8Array.of(2)))).toThrow(VppFrameError);
    expect(messages).toEqual([[1, '01']]);
  });

  it('refuses a bad length that arrives byte by byte', () => {
    const { decoder } = collector(1000);
    const header = Buffer.alloc(FRAME_HEADER_BYTES, 0xff);
    const push = () => {
      for (const byte of header) decoder.push(Uint8Array.of(byte));
    };
    expect(push).toThrow(VppFrameError);
  });
});
