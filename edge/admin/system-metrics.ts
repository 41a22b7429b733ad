import { Gauge, type Registry } from 'prom-client';
import type { ProcessUse } from '../processes/process-use.ts';

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
  const perLabel = (
    name: string,
    help: string,
    label: string,
    values: () => Promise<Iterable<readonly [string, number]>>,
  ) => {
    const gauge = new Gauge({
      ...{ name, help, labelNames: [label], registers: [registry] },
      async collect() {
        const now = await values();
        gauge.reset();
        for (const [key, value] of now) gauge.set({ [label]: key }, value);
      },
    });
  };
  const perProcess = (name: string, help: string, of: (use: ProcessUse) => number) =>
    perLabel(name, help, 'process', async () =>
      (await servingProcesses()).map((use, index) => [String(index + 1), of(use)]),
    );
  perProcess(
    'skerry_edge_serving_open_fds',
    'File descriptors of a serving process: connections and files.',
    ({ openDescriptors }) => openDescriptors,
  );
  perProcess(
    'skerry_edge_serving_max_fds',
    'The limit of file descriptors of a serving process.',
    ({ mostDescriptors }) => mostDescriptors,
  );
  perProcess(
    'skerry_edge_serving_resident_memory_bytes',
    'What a serving process holds of memory.',
    ({ residentBytes }) => residentBytes,
  );
  perLabel(
    'skerry_edge_certificate_expiry_timestamp_seconds',
    'When the certificate of that file expires, in seconds since 1970.',
    'file',
    async () => [...(await certificates())].map(([file, expires]) => [file, expires / 1000]),
  );
}
