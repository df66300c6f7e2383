import { macBytes } from './address.js';
import { ethernet } from './build.js';
import { parseFrame } from './parse.js';

/** The EtherType for local experiments (IEEE 802, "Local Experimental Ethertype 1"). */
export const RECEIPT_ETHERTYPE = 0x88b5;

/**
 * Both are of the locally administered ones, so no network card's; the destination is a group, which the tap service's bridge domain
 * floods to the collector.
 */
export const RECEIPT_MACS = { src: '02:74:61:61:73:01', dst: '03:74:61:61:73:01' } as const;

/** Frames and their bytes. */
export interface ReceiptAmount {
  readonly packets: bigint;
  /** Null where they are not known of every node. */
  readonly bytes: bigint | null;
}

/** What all sources of a tap service had together when it was last counted, since the tap was made. */
export interface ReceiptFigures {
  /** By the clocks of the nodes, the earliest of them, in ms since 1970. */
  readonly countedAt: number;
  /** Copies that the collector should have been given: what was seen and the filters did not refuse. */
  readonly asked: bigint;
  /** Frames of the source ports while they were mirrored; BOTH where the direction is not known any more. */
  readonly seen: { readonly IN: ReceiptAmount; readonly OUT: ReceiptAmount; readonly BOTH: ReceiptAmount };
  readonly filtered: bigint;
  /** Of those that were asked for: over the operator's budget. */
  readonly thinned: bigint;
}

/** What a server tells the collector of a tap service once a second. */
export interface Receipt {
  /** The tap service's id. */
  readonly service: string;
  /** Another UUID whenever the figures are not those of before going on: then a reader begins anew. */
  readonly sender: string;
  /** Of this sender, from 1, one more each time. */
  readonly sequence: bigint;
  /** By the server's clock, in ms since 1970. */
  readonly sentAt: number;
  /** Null while they are not known of every node. */
  readonly figures: ReceiptFigures | null;
}

/** "TAAS". */
const magic = 0x54414153;
const version = 1;
const isWhole = 1;
/** Bytes behind the Ethernet header. */
const length = 136;
const header = 14;
const most = 0xffff_ffff_ffff_fffen;
/** Stands for a figure that is not known. */
const unknown = 0xffff_ffff_ffff_ffffn;

/** @throws RangeError for ids that are no UUIDs, or figures that do not fit into 64 bits */
export function receiptFrame({ service, sender, sequence, sentAt, figures }: Receipt): Uint8Array {
  const body = new Uint8Array(length);
  const view = new DataView(body.buffer);
  const count = (at: number, value: bigint): void => {
    if (value < 0n || value > most) throw new RangeError(`${value} is no figure of 64 bits`);
    view.setBigUint64(at, value);
  };
  view.setUint32(0, magic);
  view.setUint8(4, version);
  view.setUint8(5, figures ? isWhole : 0);
  view.setUint16(6, length);
  body.set(uuidBytes(service), 8);
  body.set(uuidBytes(sender), 24);
  count(40, sequence);
  count(48, BigInt(sentAt));
  if (figures) {
    const { countedAt, asked, seen, filtered, thinned } = figures;
    count(56, BigInt(countedAt));
    count(64, asked);
    for (const [n, { packets, bytes }] of [seen.IN, seen.OUT, seen.BOTH].entries()) {
      count(72 + 16 * n, packets);
      if (bytes === null) view.setBigUint64(80 + 16 * n, unknown);
      else count(80 + 16 * n, bytes);
    }
    count(120, filtered);
    count(128, thinned);
  }
  return ethernet(RECEIPT_MACS, RECEIPT_ETHERTYPE, body);
}

/** Whether a frame is a receipt of whatever tap service and version: no copy of a frame that a port had. */
export function isReceipt(frame: Uint8Array): boolean {
  const parsed = parseFrame(frame);
  if (parsed?.ethertype !== RECEIPT_ETHERTYPE || parsed.tags.length > 0 || frame.length < header + 8) return false;
  if (!isSame(parsed.dst, dst) || !isSame(parsed.src, src)) return false;
  return viewOf(frame).getUint32(header) === magic;
}

/** Null for a frame that is no receipt, or one of a later version. What a later sender adds behind the end is left out. */
export function parseReceipt(frame: Uint8Array): Receipt | null {
  if (!isReceipt(frame)) return null;
  const view = viewOf(frame);
  const at = (offset: number) => header + offset;
  if (view.getUint8(at(4)) !== version || view.getUint16(at(6)) < length || frame.length < header + length) return null;
  const count = (offset: number): bigint => view.getBigUint64(at(offset));
  const amount = (offset: number): ReceiptAmount => {
    const bytes = count(offset + 8);
    return { packets: count(offset), bytes: bytes === unknown ? null : bytes };
  };
  const figures = (): ReceiptFigures => ({
    countedAt: Number(count(56)),
    asked: count(64),
    seen: { IN: amount(72), OUT: amount(88), BOTH: amount(104) },
    filtered: count(120),
    thinned: count(128),
  });
  return {
    service: uuidText(frame, at(8)),
    sender: uuidText(frame, at(24)),
    sequence: count(40),
    sentAt: Number(count(48)),
    figures: (view.getUint8(at(5)) & isWhole) === 0 ? null : figures(),
  };
}

const [dst, src] = [macBytes(RECEIPT_MACS.dst), macBytes(RECEIPT_MACS.src)];

const isSame = (a: Uint8Array, b: Uint8Array): boolean => a.every((byte, n) => byte === b[n]);

function viewOf(frame: Uint8Array): DataView {
  return new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
}

function uuidBytes(text: string): Uint8Array {
  const digits = text.replaceAll('-', '');
  if (!/^[0-9a-fA-F]{32}$/.test(digits)) throw new RangeError(`${text} is no UUID`);
  return Uint8Array.from({ length: 16 }, (_, n) => Number.parseInt(digits.slice(2 * n, 2 * n + 2), 16));
}

function uuidText(frame: Uint8Array, at: number): string {
  const digits = [...frame.subarray(at, at + 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
