import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, member } from '../api/ask.js';
import type { Statistics } from '../api/shapes.js';
import { useEvery } from '../parts/every.js';
import { useServices } from '../services.js';
import type { TapRow } from './tap-row.js';

/** Nodes are asked for each: only of what is seen, so many at a time, and not again for so long. */
const atATime = 3;
const keptMs = 20_000;
const restMs = 400;
const mostKept = 2_000;

interface Known {
  readonly share: number | null;
  readonly at: number;
}

/** The completeness of the taps that are seen, as far as it has been asked for. */
export function useCompleteness(rows: readonly TapRow[]): ReadonlyMap<string, number | null> {
  const { asker } = useServices();
  const known = useRef(new Map<string, Known>());
  const [shown, setShown] = useState<ReadonlyMap<string, number | null>>(new Map());
  const asking = useRef(false);
  const seen = useRef(rows);
  seen.current = rows;

  const ask = async (signal: AbortSignal): Promise<void> => {
    if (asking.current) return;
    asking.current = true;
    try {
      const now = performance.now();
      const due = seen.current.filter(({ id, status }) => {
        const last = known.current.get(id);
        return status === 'ACTIVE' && (last === undefined || now - last.at > keptMs);
      });
      for (let at = 0; at < due.length && !signal.aborted; at += atATime) {
        await Promise.all(due.slice(at, at + atATime).map((row) => one(row, signal)));
        if (!signal.aborted) setShown(new Map([...known.current].map(([id, { share }]) => [id, share])));
      }
    } finally {
      asking.current = false;
    }
  };
  const one = async ({ kind, id }: TapRow, signal: AbortSignal): Promise<void> => {
    try {
      const answer = await asker.api(`taas/${kind}s/${id}/statistics`, { background: true, signal });
      const { completeness } = member<Statistics>(answer, 'statistics');
      if (known.current.size >= mostKept) known.current.clear();
      known.current.set(id, { share: completeness, at: performance.now() });
    } catch (error) {
      // It is asked for again; the line says nothing meanwhile.
      if (!(error instanceof ApiError) && !signal.aborted) throw error;
    }
  };

  useEvery(keptMs, ask, []);
  const ids = rows.map(({ id }) => id).join();
  useEffect(() => {
    const stop = new AbortController();
    // Whoever scrolls by does not look.
    const timer = setTimeout(() => void ask(stop.signal), restMs);
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [ids]);
  return shown;
}
