/** A part of the system that reads bytes of others. */
export interface FuzzTarget {
  readonly name: string;
  /** What it reads, for the help. */
  readonly what: string;
  /** Starts what the target needs. */
  open(): Promise<OpenTarget>;
}

export interface OpenTarget {
  /** Inputs to begin with: valid ones, and those that once failed. */
  readonly corpus: readonly Uint8Array[];
  /** How the ways of valid inputs end, where all of the corpus are: one that takes another way is a finding. */
  readonly valid?: string;
  /** Pieces of text that mean something to the reader; mutations put them in. */
  readonly dictionary: readonly string[];
  /**
   * Reads one input. An input may be refused, by the error that the reader promises.
   * @returns a word for the way that the input took, such as an error's class; an input with a new one joins the corpus
   * @throws Error for a fault of the reader: any error that it does not promise
   */
  run(input: Uint8Array): Promise<string> | string;
  /** Bytes of memory that the reader holds. */
  memory(): number;
  close(): Promise<void>;
}

/** An input that the reader must have taken otherwise. */
export class Finding extends Error {
  override readonly name = 'Finding';
}
