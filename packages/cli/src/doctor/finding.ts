/** `unknown`: the check cannot decide. It is never taken for `ok`. */
export type Verdict = 'ok' | 'problem' | 'unknown';

export interface Finding {
  readonly verdict: Verdict;
  /** Of what it is said: a tap, a program, a URL. */
  readonly about: string;
  /** What was seen. */
  readonly evidence: string;
  /** The command or the page that mends it; empty if there is nothing to mend. */
  readonly mend: string;
}

export const ok = (about: string, evidence: string): Finding => ({ verdict: 'ok', about, evidence, mend: '' });
export const problem = (about: string, evidence: string, mend: string): Finding => ({
  verdict: 'problem',
  about,
  evidence,
  mend,
});
export const unknown = (about: string, evidence: string, mend: string): Finding => ({
  verdict: 'unknown',
  about,
  evidence,
  mend,
});

/** What was asked for, or why it could not be had. */
export type Seen<T> = { readonly known: true; readonly value: T } | { readonly known: false; readonly why: string };
export const seen = <T>(value: T): Seen<T> => ({ known: true, value });
export const unseen = (why: string): Seen<never> => ({ known: false, why });

/** One question that `doctor` asks. `Facts` is all that it looks at. */
export interface Check<Facts> {
  /** `TAAS-D` and three digits: never renamed, never given to another check. */
  readonly id: string;
  /** What is so if all is well. */
  readonly title: string;
  /** Pure. Nothing if there is nobody to ask about. */
  readonly run: (facts: Facts) => readonly Finding[];
}
