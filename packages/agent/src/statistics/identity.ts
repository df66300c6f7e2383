/** Who has an index. */
export interface Identity {
  /** Another number for whoever has the index later; null: not known, from before a restart of the agent. */
  readonly birth: number | null;
  /** Name and tag: what tells it after a restart of the agent. */
  readonly label: string;
}
