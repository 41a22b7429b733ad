import type { Registry } from 'prom-client';
import { CollectedMetrics } from '../../shared/process/collected-metrics.ts';
import type { ProcessUse } from '../processes/process-use.ts';

/** Adds metrics of the descriptors and memory of serving processes. */
export function addServingProcessMetrics(
  registry: Registry,
  servingProcesses: () => Promise<ReadonlyMap<number, ProcessUse>>,
): void {
  const processes = new CollectedMetrics(registry, servingProcesses);
  const gauge = (name: string, help: string, read: (use: ProcessUse) => number) =>
    processes.gaugeBy(['process'], name, help, (uses) =>
      [...uses].map(([place, use]) => [{ process: String(place + 1) }, read(use)]),
    );
  gauge(
    'skerry_edge_serving_open_fds',
    'File descriptors that a serving process has open: connections and files.',
    ({ openDescriptors }) => openDescriptors,
  );
  gauge(
    'skerry_edge_serving_max_fds',
    'File descriptors that a serving process may have open.',
    ({ mostDescriptors }) => mostDescriptors,
  );
  gauge(
    'skerry_edge_serving_resident_memory_bytes',
    'Resident memory of a serving process.',
    ({ residentBytes }) => residentBytes,
  );
}

/**
 * Adds the expiry of each certificate in use. `certificates` returns the expiries in milliseconds since 1970, by file.
 */
export function addCertificateMetrics(
  registry: Registry,
  certificates: () => Promise<ReadonlyMap<string, number>>,
): void {
  new CollectedMetrics(registry, certificates).gaugeBy(
    ['file'],
    'skerry_edge_certificate_expiry_timestamp_seconds',
    'When the certificate in this file expires, in seconds since 1970.',
    (expiries) => [...expiries].map(([file, expires]) => [{ file }, expires / 1000]),
  );
}
