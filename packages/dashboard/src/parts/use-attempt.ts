import { useState } from 'preact/hooks';
import { ApiError } from '../api/ask.js';

/** Work that the server may refuse, in words that are to be shown. */
export interface Attempt {
  /** Why the last one was refused; empty if it was not. */
  readonly problem: string;
  readonly setProblem: (problem: string) => void;
  readonly busy: boolean;
  /** @throws what is no refusal */
  readonly attempt: (work: () => Promise<void>) => Promise<void>;
}

/** @param refused told of each refusal, for a form that learns from it */
export function useAttempt(refused?: (error: ApiError) => void): Attempt {
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setProblem('');
    setBusy(true);
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      refused?.(error);
      setProblem(error.message);
    } finally {
      setBusy(false);
    }
  };
  return { problem, setProblem, busy, attempt };
}
