import type { Random } from '../faults/random.js';

/** The longest input that a mutation makes, in bytes. */
export const maxInputBytes = 64 * 1024;

const interesting = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff];

export interface MutationSource {
  readonly corpus: readonly Uint8Array[];
  readonly dictionary: readonly string[];
}

/** An input of the corpus with one to eight changes, drawn by `random`. */
export function mutate(random: Random, source: MutationSource): Uint8Array {
  let bytes = Uint8Array.from(random.pick(source.corpus));
  for (let left = 2 ** random.int(0, 3); left > 0; left -= 1) bytes = random.pick(mutations)(bytes, random, source);
  return bytes.subarray(0, maxInputBytes);
}

type Mutation = (bytes: Uint8Array<ArrayBuffer>, random: Random, source: MutationSource) => Uint8Array<ArrayBuffer>;

const mutations: readonly Mutation[] = [
  function flipBit(bytes, random) {
    const at = placeIn(bytes, random);
    const before = bytes[at];
    if (before !== undefined) bytes[at] = before ^ (1 << random.int(0, 7));
    return bytes;
  },
  function setByte(bytes, random) {
    if (bytes.length > 0) bytes[placeIn(bytes, random)] = random.int(0, 255);
    return bytes;
  },
  function setNumber(bytes, random) {
    const size = random.pick([1, 2, 4]);
    if (bytes.length < size) return bytes;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const at = random.int(0, bytes.length - size);
    const value = random.pick(interesting);
    if (size === 1) view.setUint8(at, value & 0xff);
    else if (size === 2) view.setUint16(at, value & 0xffff, random.chance(0.5));
    else view.setUint32(at, value >>> 0, random.chance(0.5));
    return bytes;
  },
  function cut(bytes, random) {
    const [from, length] = stretchOf(bytes, random);
    return joined(bytes.subarray(0, from), bytes.subarray(from + length));
  },
  function repeat(bytes, random) {
    const [from, length] = stretchOf(bytes, random);
    const piece = bytes.subarray(from, from + length);
    const times = Math.min(2 ** random.int(0, 10), Math.ceil(maxInputBytes / Math.max(1, length)));
    return joined(bytes.subarray(0, from), ...Array.from({ length: times }, () => piece), bytes.subarray(from));
  },
  function putWord(bytes, random, { dictionary }) {
    const word = new TextEncoder().encode(dictionary.length === 0 ? '' : random.pick(dictionary));
    const at = placeIn(bytes, random);
    const over = random.chance(0.5) ? word.length : 0;
    return joined(bytes.subarray(0, at), word, bytes.subarray(at + over));
  },
  function splice(bytes, random, { corpus }) {
    const other = random.pick(corpus);
    return joined(bytes.subarray(0, placeIn(bytes, random)), other.subarray(placeIn(other, random)));
  },
  function truncate(bytes, random) {
    return bytes.slice(0, random.int(0, bytes.length));
  },
];

const placeIn = (bytes: Uint8Array, random: Random) => random.int(0, Math.max(0, bytes.length - 1));

/** A stretch of bytes, more often a short one. */
function stretchOf(bytes: Uint8Array, random: Random): readonly [number, number] {
  const from = placeIn(bytes, random);
  return [from, random.int(0, Math.min(bytes.length - from, 2 ** random.int(0, 12)))];
}

function joined(...pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole.slice(0, maxInputBytes);
}
