import { packetsAt, type StatisticsRecord } from '@taas/model';
import type { Receipt, ReceiptFigures } from '@taas/packets';

/** What is known of a tap service at a moment. */
export interface CountedService {
  readonly figures: ReceiptFigures;
  /** By node, those that have part in it. */
  readonly nodes: ReadonlyMap<string, StatisticsRecord>;
  /** Nodes that had left it, and whose last figures could not be read. */
  readonly unreadable: number;
}

/**
 * The receipts of one tap service, one after the other. Its figures never go back: where a node has lost what it had counted, or the last
 * that it had counted cannot be read, they begin anew as another sender's, whom a reader does not compare with the one before.
 */
export class ReceiptStream {
  #sender: string;
  #sequence = 0n;
  #last: CountedService | null = null;

  constructor(
    private readonly service: string,
    private readonly newId: () => string,
  ) {
    this.#sender = newId();
  }

  /** @param known null while it is not known of every node */
  next(known: CountedService | null, now: number): Receipt {
    let counted = known;
    if (counted) {
      if (this.#last && isBehind(counted, this.#last)) {
        this.#sender = this.newId();
        this.#sequence = 0n;
      } else if (this.#last) counted = { ...counted, figures: notLess(counted.figures, this.#last.figures) };
      this.#last = counted;
    }
    this.#sequence += 1n;
    const figures = counted?.figures ?? null;
    return { service: this.service, sender: this.#sender, sequence: this.#sequence, sentAt: now, figures };
  }
}

function isBehind(now: CountedService, before: CountedService): boolean {
  if (now.unreadable > before.unreadable) return true;
  if (seenOf(now.figures) < seenOf(before.figures) || now.figures.filtered < before.figures.filtered) return true;
  for (const [node, { stages }] of now.nodes) {
    const was = before.nodes.get(node)?.stages;
    const isLess = (stage: 'seen' | 'filtered') =>
      (packetsAt(stages, stage) ?? 0n) < (packetsAt(was ?? [], stage) ?? 0n);
    if (isLess('seen') || isLess('filtered')) return true;
  }
  return false;
}

const seenOf = ({ seen: { IN, OUT, BOTH } }: ReceiptFigures): bigint => IN.packets + OUT.packets + BOTH.packets;

/** What a filter did not want may be counted a moment before the frames that it was among. */
function notLess(now: ReceiptFigures, before: ReceiptFigures): ReceiptFigures {
  return now.asked < before.asked ? { ...now, asked: before.asked } : now;
}
