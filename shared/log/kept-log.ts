/** What is kept of the log behind a checkpoint: an edge that was away for no more than this comes back by reading it. */
export interface KeptLog {
  readonly records: number;
  readonly bytes: number;
}

export const KEPT_LOG: KeptLog = { records: 10_000, bytes: 64 * 1024 * 1024 };
