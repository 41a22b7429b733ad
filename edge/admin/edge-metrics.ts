import { expositionOf } from '../../shared/process/collected-metrics.ts';
import type { Scrape } from '../../shared/process/exposition.ts';
import { processMetrics } from '../../shared/process/process-metrics.ts';
import type { ServingCounters } from '../messages/counters.ts';
import type { ProcessUse } from '../processes/process-use.ts';
import type { AheadUse } from '../store/catalog.ts';
import type { AdminSource } from './admin.ts';
import { addAheadMetrics, addReplicaMetrics, addStorageMetrics } from './replica-metrics.ts';
import { servingMetrics } from './serving-metrics.ts';
import { addCertificateMetrics, addServingProcessMetrics } from './system-metrics.ts';

export interface EdgeMetricsSources {
  readonly dataFolder: string;
  readonly edge: AdminSource & {
    /** What is held ahead of the first revisions of sites. */
    heldAhead(): Promise<AheadUse>;
  };
  /** The counts of each serving process. */
  readonly counters: () => Promise<readonly ServingCounters[]>;
  /** The resources of each serving process, by its number. A process that replaces another has the same number. */
  readonly servingProcesses: () => Promise<ReadonlyMap<number, ProcessUse>>;
  /** When each certificate in use expires, in milliseconds since 1970, by its file. */
  readonly certificates: () => Promise<ReadonlyMap<string, number>>;
}

/** The metrics of an edge: those of its processes, its replica and its responses to readers. */
export function edgeMetrics({ dataFolder, edge, counters, ...system }: EdgeMetricsSources): Scrape {
  const registry = processMetrics(dataFolder);
  addServingProcessMetrics(registry, system.servingProcesses);
  addCertificateMetrics(registry, system.certificates);
  addReplicaMetrics(registry, () => edge.status());
  addAheadMetrics(registry, () => edge.heldAhead());
  const { storage } = edge;
  if (storage !== undefined) addStorageMetrics(registry, storage);
  return async () => expositionOf(registry, servingMetrics(await counters()));
}
