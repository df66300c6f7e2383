import { parseArgs } from 'node:util';
import type { Scenario } from './scenario.js';

export interface ScaleOptions {
  readonly nodes: number;
  readonly flows: number;
  readonly churn: number;
  readonly seconds: number;
  readonly soakMinutes: number;
  readonly members: number;
  readonly processes: number;
  readonly leaseSeconds: number;
  readonly electionSeconds: number;
  readonly only: readonly string[] | null;
  readonly out: string;
  /** A folder for profiles of the servers; none: they are not profiled. */
  readonly profile: string;
  readonly help: boolean;
}

/** @throws RangeError that names the option and what it may be */
export function scaleOptions(args: readonly string[], scenarios: readonly Scenario[]): ScaleOptions {
  const text = (fallback: string) => ({ type: 'string', default: fallback }) as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ nodes: text('20'), flows: text('20'), churn: text('20'), seconds: text('20'), soak: text('0') },
      ...{ members: text('1'), processes: text('4'), lease: text('10'), election: text('2') },
      ...{ only: { type: 'string' }, out: text('bench-out/scale.json'), profile: text('') },
      ...{ help: { type: 'boolean', default: false } },
    },
  });
  const names = scenarios.map(({ name }) => name);
  const only = values.only === undefined ? null : values.only.split(',');
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new RangeError(`--only ${unknown}: the scenarios are ${names.join(', ')}`);
  const whole = (option: keyof typeof values, first: number, last: number): number => {
    const value = Number(values[option]);
    if (Number.isInteger(value) && value >= first && value <= last) return value;
    throw new RangeError(`--${option} ${values[option]}: a whole number from ${first} to ${last}`);
  };
  return {
    nodes: whole('nodes', 1, 10_000),
    flows: whole('flows', 1, 10_000),
    churn: whole('churn', 1, 1_000),
    seconds: whole('seconds', 1, 3_600),
    soakMinutes: whole('soak', 0, 600),
    members: whole('members', 1, 5),
    processes: whole('processes', 1, 16),
    leaseSeconds: whole('lease', 2, 300),
    electionSeconds: whole('election', 2, 300),
    ...{ only, out: values.out, profile: values.profile, help: values.help },
  };
}
