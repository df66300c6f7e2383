import { agentChecks } from './agent-checks.js';
import { etcdChecks } from './etcd-checks.js';
import type { DoctorFacts } from './facts.js';
import type { Check, Finding, Verdict } from './finding.js';
import { meetingChecks } from './meeting-checks.js';
import { nodeChecks } from './node-checks.js';
import { programChecks } from './program-checks.js';
import { serverChecks } from './server-checks.js';
import { statisticsChecks } from './statistics-checks.js';
import { tapChecks } from './tap-checks.js';

/** All checks in the order in which they are told. */
export const checks: readonly Check<DoctorFacts>[] = [
  ...tapChecks,
  ...meetingChecks,
  ...statisticsChecks,
  ...serverChecks,
  ...agentChecks,
  ...programChecks,
  ...etcdChecks,
  ...nodeChecks,
].sort((a, b) => (a.id < b.id ? -1 : 1));

export interface Examined {
  readonly id: string;
  readonly title: string;
  /** The worst of its findings. */
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
}

/** Every check that has somebody to ask about. */
export function examine(facts: DoctorFacts): Examined[] {
  return checks.flatMap(({ id, title, run }) => {
    const findings = run(facts);
    return findings.length === 0
      ? []
      : [{ id, title, findings, verdict: worst(findings.map(({ verdict }) => verdict)) }];
  });
}

/** A problem is worse than not knowing, and that is worse than all well. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('problem')) return 'problem';
  return verdicts.includes('unknown') || verdicts.length === 0 ? 'unknown' : 'ok';
}
