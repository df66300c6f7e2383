export interface ApiLimits {
  /** Largest request body, in bytes. */
  readonly bodyBytes: number;
  /** How deep a body's JSON may nest. */
  readonly bodyDepth: number;
  /** Most resources that one request may create. */
  readonly bulkItems: number;
  /** Most resources on one page of a list, whatever limit a client asks; 0: no limit. */
  readonly pageItems: number;
  /** Lists of one project that are put together, or sent, at a time; as many again times 8 may wait. */
  readonly projectLists: number;
  /** Longest URL, in characters. */
  readonly urlLength: number;
  /** All headers of a request, in bytes. */
  readonly headerBytes: number;
  /** Time for a request to arrive whole, and for it to be answered, in ms. */
  readonly requestMs: number;
  /** Time for this replica to catch up with etcd while a request waits, in ms. */
  readonly catchUpMs: number;
}

export const defaultLimits: ApiLimits = {
  bodyBytes: 512 * 1024,
  bodyDepth: 32,
  bulkItems: 128,
  pageItems: 1000,
  projectLists: 8,
  urlLength: 8190,
  headerBytes: 16 * 1024,
  requestMs: 30_000,
  catchUpMs: 5_000,
};
