/** What the agent has done since it started; logged, and shown by /healthz. */
export interface Counters {
  plans: number;
  steps: number;
  /** Times that a tap was found undone by somebody else. */
  undone: number;
  /** Sequences of steps that failed, and rounds that were not finished. */
  failures: number;
}
