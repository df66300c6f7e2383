import { parseReceipt } from './receipt.js';
import { type Between, ReceiptReader, type ReceiptReading } from './receipt-reader.js';

/**
 * What a capture of a collector's port says that is missing, in lines for people.
 * @param frames in their order
 * @param service the tap service; null: the first of which there is a receipt
 * @returns the lines; and whether nothing is missing for certain
 */
export function receiptReport(
  frames: Iterable<Uint8Array>,
  service: string | null,
): { readonly lines: readonly string[]; readonly isComplete: boolean } {
  const all = [...frames];
  const named = service ?? firstService(all);
  if (named === null) return { lines: ['there is no receipt in it'], isComplete: false };
  const reader = new ReceiptReader(named);
  /** One after the other, each with a line of its own. */
  const spans: ReceiptReading[] = [];
  let last: ReceiptReading | null = null;
  for (const frame of all) {
    reader.take(frame);
    if (reader.before && reader.before !== last) {
      last = reader.before;
      spans.push(last);
    }
  }
  if (reader.reading) spans.push(reader.reading);
  if (spans.length === 0)
    return {
      lines: [`tap service ${named}: receipts come, but none yet with figures of a time that the capture has`],
      isComplete: false,
    };
  return {
    lines: spans.map((span) => `tap service ${named}: ${textOf(span)}`),
    isComplete: spans.every(({ missing, surplus }) => missing.most === 0n && surplus === 0n),
  };
}

function firstService(frames: readonly Uint8Array[]): string | null {
  for (const frame of frames) {
    const receipt = parseReceipt(frame);
    if (receipt) return receipt.service;
  }
  return null;
}

function textOf({ since, until, expected, seen, missing, surplus, receiptsMissing }: ReceiptReading): string {
  const time = (ms: number) => new Date(ms).toISOString();
  return [
    `from ${time(since)} to ${time(until)} expected ${figure(expected)}, seen ${seen}, missing ${figure(missing)}`,
    ...(surplus > 0n ? [`at least ${surplus} more than it should have been: other traffic comes to the port`] : []),
    ...(receiptsMissing > 0n ? [`${receiptsMissing} receipts did not come`] : []),
  ].join('; ');
}

const figure = ({ least, most }: Between): string => (least === most ? `${least}` : `${least} to ${most}`);
