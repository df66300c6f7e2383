import type { LabSettings } from './tap-lab.js';

/** On what a list of scenarios is run. */
export interface Place {
  /** For the names of tests. */
  readonly name: string;
  readonly kind: 'simulated' | 'real';
  /** @param programs whether servers and agents are to be the real programs, with an etcd */
  settings(programs: boolean): LabSettings;
  /** For people who want to know, such as how long a gap was. */
  report(line: string): void;
}

/** What must hold on whatever switch; or, with a reason, on one kind of switch alone. */
export interface Scenario {
  /** Why it cannot be run on a simulator, or on a real VPP. */
  readonly unless?: { readonly [kind in Place['kind']]?: string };
  /** The first release of VPP on which it can pass, and what those before it lack. */
  readonly since?: { readonly release: string; readonly why: string };
  /** What has to be installed beside a real VPP and what every test needs. */
  readonly needs?: 'etcd' | 'vhost-user driver';
  /** Declares its tests. */
  describe(place: Place): Promise<void>;
}
