/** What the processes that play nodes are told, and answer. Nodes are numbers. */
export type Request = { readonly id: number } & (
  | { readonly do: 'start' | 'stop'; readonly nodes: readonly number[]; readonly overMs: number }
  | { readonly do: 'facts' }
);

export interface Facts {
  /** Agents that run and know what is wanted. */
  readonly ready: number;
  readonly active: number;
  readonly taps: number;
  readonly steps: Readonly<Record<string, number>>;
  readonly failures: number;
}

export interface Answer {
  readonly id: number;
  readonly facts: Facts;
  readonly problem?: string;
}

export interface GroupSetup {
  readonly endpoints: readonly string[];
  readonly leaseSeconds: number;
  /** The group's first node, and how many it has. */
  readonly first: number;
  readonly count: number;
}
