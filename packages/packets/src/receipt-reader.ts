import { isReceipt, parseReceipt, type Receipt } from './receipt.js';

/** Between which two figures the true one lies; the same where it is known exactly. */
export interface Between {
  readonly least: bigint;
  readonly most: bigint;
}

/** What a collector should have been given and was, from one time to another. */
export interface ReceiptReading {
  readonly sender: string;
  /** Of the receipts that were sent then, by the server's clock, in ms since 1970. */
  readonly since: number;
  readonly until: number;
  /** Copies that the collector was given. */
  readonly seen: bigint;
  /** Copies that it should have been given. */
  readonly expected: Between;
  /** Copies that it was not given. */
  readonly missing: Between;
  /** Frames that it was given beyond what it should have been, at least: its port has other traffic, too, or somebody sends it what is no copy. */
  readonly surplus: bigint;
  /** Receipts that were sent and did not come. */
  readonly receiptsMissing: bigint;
}

/** A receipt, and how many copies had come before it. */
interface Open {
  readonly sentAt: number;
  readonly asked: bigint;
  readonly seen: bigint;
}

/** What is known of a moment: how much was asked for by then, and how many copies had come. */
interface Closed extends Between {
  readonly at: number;
  readonly seen: bigint;
}

interface Span {
  readonly sender: string;
  sequence: bigint;
  receiptsMissing: bigint;
  open: Open[];
  first: Closed | null;
  last: Closed | null;
  /** The greatest lower bound, and the least upper one, of what was asked for less what had come. */
  lowest: bigint;
  highest: bigint;
}

/** Receipts that wait for figures that are later than they are: of the last two minutes. */
const mostOpen = 128;
/** Senders that are over: what comes late of them is left out. */
const mostPast = 16;

/**
 * Reads what a collector is given, copies and receipts in their order, and says what is missing. A receipt's figures are of some seconds
 * before it was sent. So what was asked for by the time at which a receipt was sent lies between its own figures and the first that were counted
 * later: where the two are the same, since the sources paused, the loss is known to the frame.
 */
export class ReceiptReader {
  /** What was read until {@link reading} began: of another sender, or up to the first moment that is known exactly. */
  before: ReceiptReading | null = null;
  #seen = 0n;
  #span: Span | null = null;
  readonly #past: string[] = [];

  /**
   * @param service whose receipts: those of others say nothing about it
   * @param clocksMs how far the clocks of servers and nodes may be apart
   */
  constructor(
    private readonly service: string,
    private readonly clocksMs = 1_000,
  ) {}

  /**
   * Takes the next frame. Only copies and receipts should be given: what else comes to the port counts as copies.
   * @returns what it was; `other` is a receipt of another tap service, of a later version, or one that came too late
   */
  take(frame: Uint8Array): 'copy' | 'receipt' | 'other' {
    if (!isReceipt(frame)) {
      this.#seen += 1n;
      return 'copy';
    }
    const receipt = parseReceipt(frame);
    if (receipt?.service.toLowerCase() !== this.service.toLowerCase() || this.#past.includes(receipt.sender))
      return 'other';
    const span = this.#spanOf(receipt);
    if (receipt.sequence <= span.sequence) return 'other';
    span.receiptsMissing += receipt.sequence - span.sequence - 1n;
    span.sequence = receipt.sequence;
    this.#note(span, receipt);
    return 'receipt';
  }

  /** Null until something can be said: figures have to come that were counted after the first receipt was sent. */
  get reading(): ReceiptReading | null {
    return this.#span && readingOf(this.#span);
  }

  #spanOf({ sender, sequence }: Receipt): Span {
    if (this.#span?.sender === sender) return this.#span;
    if (this.#span) {
      this.before = readingOf(this.#span);
      this.#past.push(this.#span.sender);
      if (this.#past.length > mostPast) this.#past.shift();
    }
    this.#span = {
      sender,
      sequence: sequence - 1n,
      receiptsMissing: 0n,
      open: [],
      first: null,
      last: null,
      ...{ lowest: 0n, highest: 0n },
    };
    return this.#span;
  }

  /** What is not known of the beginning is not known of all that follows: so the first moment that is known exactly is another beginning. */
  #beginExactly(span: Span): void {
    const { first, last } = span;
    if (!first || !last || isExact(first) || !isExact(last)) return;
    this.before = readingOf(span);
    beginAnew(span, last);
  }

  #note(span: Span, { sentAt, figures }: Receipt): void {
    if (!figures) return;
    const { countedAt, asked } = figures;
    const isOver = (open: Open): boolean => open.sentAt + this.clocksMs <= countedAt;
    for (const open of span.open.filter(isOver)) {
      close(span, { at: open.sentAt, seen: open.seen, least: open.asked, most: asked });
      this.#beginExactly(span);
    }
    span.open = [...span.open.filter((open) => !isOver(open)), { sentAt, asked, seen: this.#seen }].slice(-mostOpen);
  }
}

function beginAnew(span: Span, now: Closed): void {
  span.first = now;
  span.lowest = now.least - now.seen;
  span.highest = now.most - now.seen;
  span.receiptsMissing = 0n;
}

function close(span: Span, now: Closed): void {
  const [low, high] = [now.least - now.seen, now.most - now.seen];
  span.lowest = span.first && span.lowest > low ? span.lowest : low;
  span.highest = span.first && span.highest < high ? span.highest : high;
  span.first ??= now;
  span.last = now;
}

/**
 * At each moment what was asked for less what had come is what is missing so far, and something that never changes: what had been asked for
 * when the reader began. What is missing never gets less, so each moment bounds it for all before and after.
 */
function readingOf({ sender, first, last, lowest, highest, receiptsMissing }: Span): ReceiptReading | null {
  if (!first || !last) return null;
  const seen = last.seen - first.seen;
  const mostMissing = atLeast0(last.most - last.seen - (first.least - first.seen));
  const missing = { least: smaller(atLeast0(lowest - highest), mostMissing), most: mostMissing };
  const surplus = atLeast0(lowest - (last.most - last.seen));
  const expected = { least: atLeast0(last.least - first.most), most: last.most - first.least };
  return { sender, since: first.at, until: last.at, seen, expected, missing, surplus, receiptsMissing };
}

const isExact = ({ least, most }: Between): boolean => least === most;
const atLeast0 = (value: bigint): bigint => (value < 0n ? 0n : value);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
