import { Gauge, type Registry } from 'prom-client';
import type { ProcessUse } from '../activate/process-use.ts';

export interface SystemSources {
  readonly servingProcesses: () => Promise<readonly ProcessUse[]>;
  /** When each certificate in use expires, in milliseconds since 1970, by its file. */
  readonly certificates: () => Promise<ReadonlyMap<string, number>>;
}

/** What serving processes take of the system, and how long certificates last: an operator acts before they end. */
export function addSystemMetrics(
  registry: Registry,
  { servingProcesses, certificates }: SystemSources,
): void {
  const gauge = (name: string, help: string, labelNames: string[], collect?: () => Promise<void>) =>
    new Gauge({ name, help, labelNames, registers: [registry], ...(collect && { collect }) });
  const most = gauge('skerry_edge_serving_max_fds', 'The limit of its file descriptors.', ['process']);
  const resident = gauge('skerry_edge_serving_resident_memory_bytes', 'What it holds of memory.', [
    'process',
  ]);
  const open = gauge(
    'skerry_edge_serving_open_fds',
    'File descriptors of a serving process: connections and files.',
    ['process'],
    async () => {
      for (const metric of [open, most, resident]) metric.reset();
      for (const [index, use] of (await servingProcesses()).entries()) {
        const label = { process: String(index + 1) };
        open.set(label, use.openDescriptors);
        most.set(label, use.mostDescriptors);
        resident.set(label, use.residentBytes);
      }
    },
  );
  const expiry = gauge(
    'skerry_edge_certificate_expiry_timestamp_seconds',
    'When the certificate of that file expires, in seconds since 1970.',
    ['file'],
    async () => {
      expiry.reset();
      for (const [file, expires] of await certificates()) expiry.set({ file }, expires / 1000);
    },
  );
}
