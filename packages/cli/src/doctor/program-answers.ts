import { isObject } from '../api/taas-api.js';
import type { DoctorFacts, ProgramFacts } from './facts.js';
import { type Finding, ok, problem, type Seen, unknown } from './finding.js';
import { type Samples, sumOf } from './prometheus.js';

/** What /readyz says. */
export type Ready = Readonly<Record<string, unknown>>;

export function both({ servers, agents }: DoctorFacts): [string, ProgramFacts][] {
  return [
    ...servers.map((each): [string, ProgramFacts] => [`server ${each.url}`, each]),
    ...agents.map((each): [string, ProgramFacts] => [`agent ${each.url}`, each]),
  ];
}

export type Judge = (about: string, ready: Ready) => Finding;

export function ask(programs: readonly [string, ProgramFacts][], judge: Judge): Finding[] {
  return programs.map(([about, { ready, url }]) =>
    ready.known ? judge(about, ready.value) : unknown(about, ready.why, `curl ${url}/readyz`),
  );
}
export const ofPrograms = (facts: DoctorFacts, judge: Judge) => ask(both(facts), judge);
export const ofServers = ({ servers }: DoctorFacts, judge: Judge) =>
  ask(
    servers.map((each) => [`server ${each.url}`, each]),
    judge,
  );
export const ofAgents = ({ agents }: DoctorFacts, judge: Judge) =>
  ask(
    agents.map((each) => [`agent ${each.url}`, each]),
    judge,
  );

export interface Types {
  readonly string: string;
  readonly number: number;
  readonly boolean: boolean;
}

/** A value of /readyz that must be there, and be well. */
export function decide<T extends keyof Types>(
  about: string,
  value: unknown,
  type: T,
  isWell: (value: Types[T]) => boolean,
  mend: string,
): Finding {
  if (typeof value !== type) return unknown(about, '/readyz does not say', mend);
  return isWell(value as Types[T]) ? ok(about, String(value)) : problem(about, String(value), mend);
}

export function isReady(about: string, { ok: value, etcd, vpp, store }: Ready, mend: string): Finding {
  if (typeof value !== 'boolean') return unknown(about, '/readyz does not say', mend);
  const said = JSON.stringify({ etcd, vpp, store });
  return value ? ok(about, said) : problem(about, said, mend);
}

export function empty(about: string, value: unknown, mend: string): Finding {
  if (!Array.isArray(value)) return unknown(about, '/readyz does not say', mend);
  return value.length === 0
    ? ok(about, 'none')
    : problem(about, value.map((each) => JSON.stringify(each)).join(', '), mend);
}

export function listed(value: unknown, name: string): string {
  const all = Array.isArray(value) ? value.flatMap((each) => (isObject(each) ? [String(each[name])] : [])) : [];
  return all.length === 0 ? '/readyz names them' : all.slice(0, 5).join(', ') + (all.length > 5 ? ', ...' : '');
}

/** A queue is well that is empty, or becomes shorter. */
export function falls(about: string, { metrics, later }: ProgramFacts, name: string, mend: string): Finding {
  const at = (samples: Seen<Samples>) => (samples.known ? sumOf(samples.value, name) : null);
  const [first, second] = [at(metrics), at(later)];
  if (first === 0 || second === 0) return ok(about, 'nothing waits');
  if (first === null || second === null)
    return unknown(about, !metrics.known ? metrics.why : !later.known ? later.why : `no ${name}`, mend);
  const said = `${first} waited, and ${second} a moment later`;
  return second < first ? ok(about, said) : problem(about, said, mend);
}
