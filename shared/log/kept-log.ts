/** How much of the log is kept after a checkpoint. An edge that missed no more than this catches up by reading it. */
export interface KeptLog {
  readonly records: number;
  readonly bytes: number;
}

export const KEPT_LOG: KeptLog = { records: 10_000, bytes: 64 * 1024 * 1024 };
