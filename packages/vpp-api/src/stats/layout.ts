import type { SegmentBytes } from './segment-bytes.js';
import { VppStatsError } from './stats-error.js';

// The layout of version 2: src/vlib/stats/shared.h, the same from VPP 20.05 to 26.06, on a 64-bit little-endian machine.

/** Bytes of a directory entry: type, padding, value, name. */
export const entryBytes = 144;
const nameBytes = 128;
export const nameAt = entryBytes - nameBytes;
const supportedVersion = 2;
/** VPP has as many threads at most (VLIB_MAX_CPUS is 256 in 26.06). */
const mostThreads = 1024;
/** More elements than that are taken for nonsense. */
const mostElements = 1 << 23;

/** `stat_directory_type_t`, as far as it is read here. */
export const entryTypes = { scalar: 1, simple: 2, combined: 3, gauge: 9 } as const;
/** A vector of names is 5 until 21.10, and 4 since 22.02, where errors were before. */
export const isNamesType = (type: number): boolean => type === 4 || type === 5;

export interface SegmentHeader {
  /** Where VPP has mapped the segment: what its pointers count from. */
  readonly base: number;
  /** Grows with each change of the directory or of a vector's place. */
  readonly epoch: bigint;
  /** VPP is about to change the directory. */
  readonly inProgress: boolean;
  /** VPP's pointer to the directory. */
  readonly directory: number;
}

/** @throws VppStatsError `unsupported` for another version of the layout */
export function readHeader(bytes: SegmentBytes): SegmentHeader {
  const at = bytes.read(0, 40);
  const version = at.readBigUInt64LE(0);
  if (version !== BigInt(supportedVersion))
    throw new VppStatsError('unsupported', `the statistics segment has version ${version}, not ${supportedVersion}`);
  return {
    base: Number(at.readBigUInt64LE(8)),
    epoch: at.readBigUInt64LE(16),
    inProgress: at.readBigUInt64LE(24) !== 0n,
    directory: Number(at.readBigUInt64LE(32)),
  };
}

/** A vector of VPP (vppinfra/vec.h): where its elements are in the segment, and how many. */
export interface Vector {
  readonly offset: number;
  readonly length: number;
}

/**
 * @param pointer VPP's; zero is an empty vector
 * @param most elements that are believed
 * @throws VppStatsError `malformed`
 */
export function readVector(bytes: SegmentBytes, base: number, pointer: number, most = mostElements): Vector {
  if (pointer === 0) return { offset: 0, length: 0 };
  const offset = pointer - base;
  // The count stands in the eight bytes before the first element.
  const length = bytes.read(offset - 8, 4).readUInt32LE(0);
  if (length > most)
    throw new VppStatsError('malformed', `a vector of ${length} elements in the statistics segment; ${most} at most`);
  return { offset, length };
}

/** The pointers in a vector of vectors, one a thread. */
export function readThreads(bytes: SegmentBytes, base: number, pointer: number): number[] {
  const { offset, length } = readVector(bytes, base, pointer, mostThreads);
  if (length === 0) return [];
  const pointers = bytes.read(offset, 8 * length);
  return Array.from({ length }, (_, n) => Number(pointers.readBigUInt64LE(8 * n)));
}

export interface DirectoryEntry {
  readonly type: number;
  /** A scalar's value or a vector's pointer. */
  readonly value: bigint;
  readonly name: string;
}

/** @throws VppStatsError `malformed` */
export function readEntry(bytes: SegmentBytes, header: SegmentHeader, index: number): DirectoryEntry | undefined {
  const directory = readVector(bytes, header.base, header.directory);
  if (index >= directory.length) return undefined;
  return decodeEntry(bytes.read(directory.offset + index * entryBytes, entryBytes));
}

function decodeEntry(at: Buffer): DirectoryEntry {
  const end = at.indexOf(0, nameAt);
  return {
    type: at.readUInt32LE(0),
    value: at.readBigUInt64LE(8),
    name: at.toString('latin1', nameAt, end === -1 ? entryBytes : end),
  };
}
