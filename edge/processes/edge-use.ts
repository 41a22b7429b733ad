import { statfs } from 'node:fs/promises';
import type { Clock } from '../../shared/clock.ts';
import { type EdgeUse, MOST_CERTIFICATE_FILE } from '../../shared/wire/protocol.ts';
import type { ServingCounters } from '../messages/counters.ts';
import { type ProcessUse, processUse } from './process-use.ts';
import { type ReadersCounts, readersCounts } from './readers-counts.ts';

const SAMPLE_MS = 5000;

/** The resources that all processes of this edge use together, and the sums of the serving processes' counts. */
export type SampledUse = Pick<EdgeUse, 'disk' | 'memory' | 'cpu' | 'files' | 'certificate'> & ReadersCounts;

export interface EdgeUseParts {
  readonly dataFolder: string;
  /** The resources that each serving process uses. */
  readonly serving: () => Promise<ReadonlyMap<number, ProcessUse>>;
  /** The last known counts of each serving process. */
  readonly counters: () => readonly ServingCounters[];
  /** When each certificate for readers expires, in milliseconds since 1970, by file. */
  readonly certificates: () => Promise<ReadonlyMap<string, number>>;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** Samples the resources that the edge uses, at most every five seconds. No caller waits for a sample. */
export class EdgeUseSampler {
  readonly #parts: EdgeUseParts;
  #latest: SampledUse | undefined;
  #begunAt = Number.NEGATIVE_INFINITY;

  constructor(parts: EdgeUseParts) {
    this.#parts = parts;
  }

  /**
   * The newest sample. Undefined before the first one. If the newest sample is old, this call starts another one in the
   * background.
   */
  latest(): SampledUse | undefined {
    const now = this.#parts.clock.monotonic();
    if (now - this.#begunAt >= SAMPLE_MS) {
      this.#begunAt = now;
      // If this sample fails or is late, reports contain the previous one.
      this.#sample().catch(() => {});
    }
    return this.#latest;
  }

  async #sample(): Promise<void> {
    const { dataFolder, serving, counters, certificates } = this.#parts;
    const [own, others, disk, expiries] = await Promise.all([
      processUse(process.pid),
      serving(),
      statfs(dataFolder).catch(() => null),
      certificates().catch(() => new Map<string, number>()),
    ]);
    const first = [...expiries].sort(([, a], [, b]) => a - b)[0];
    const processes = [...(own === undefined ? [] : [own]), ...others.values()];
    this.#latest = {
      disk: disk && { free: disk.bavail * disk.bsize, total: disk.blocks * disk.bsize },
      memory: sum(processes, ({ residentBytes }) => residentBytes),
      cpu: sum(processes, ({ cpuSeconds }) => cpuSeconds),
      files: nearestToLimit(processes),
      ...(first && { certificate: { file: first[0].slice(0, MOST_CERTIFICATE_FILE), expires: first[1] } }),
      ...readersCounts(counters()),
    };
  }
}

function sum(processes: readonly ProcessUse[], of: (use: ProcessUse) => number): number {
  return processes.reduce((total, use) => total + of(use), 0);
}

function nearestToLimit(processes: readonly ProcessUse[]): EdgeUse['files'] {
  const all = processes.flatMap(({ openDescriptors: open, mostDescriptors: most }) =>
    // NaN stands for no limit.
    most > 0 ? [{ open, most }] : [],
  );
  return all.sort((a, b) => b.open / b.most - a.open / a.most)[0] ?? { open: 0, most: 0 };
}
