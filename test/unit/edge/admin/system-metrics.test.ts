import { Registry } from 'prom-client';
import t from 'tap';
import { addCertificateMetrics, addServingProcessMetrics } from '../../../../edge/admin/system-metrics.ts';
import { processUse } from '../../../../edge/processes/process-use.ts';

t.test('serving processes and certificates, at the first look and when there are fewer', async (t) => {
  const registry = new Registry();
  const use = (openDescriptors: number) => ({
    openDescriptors,
    mostDescriptors: 1024,
    residentBytes: 5e7,
    cpuSeconds: 1,
  });
  let processes = new Map([
    [0, use(40)],
    [1, use(50)],
  ]);
  let certificates = new Map([['a.crt', 1_800_000_000_000]]);
  addServingProcessMetrics(registry, async () => processes);
  addCertificateMetrics(registry, async () => certificates);
  const first = await registry.metrics();
  t.match(first, 'skerry_edge_serving_open_fds{process="1"} 40\n');
  t.match(first, 'skerry_edge_serving_open_fds{process="2"} 50\n');
  t.match(first, 'skerry_edge_serving_max_fds{process="2"} 1024\n');
  t.match(first, 'skerry_edge_serving_resident_memory_bytes{process="1"} 50000000\n');
  t.match(first, 'skerry_edge_certificate_expiry_timestamp_seconds{file="a.crt"} 1800000000\n');
  processes = new Map([[1, use(41)]]);
  certificates = new Map();
  const then = await registry.metrics();
  t.match(then, 'skerry_edge_serving_open_fds{process="2"} 41\n', 'the other keeps its label');
  t.notMatch(then, 'process="1"');
  t.notMatch(then, 'file="a.crt"');
});

t.test('what a process takes of the system', async (t) => {
  const own = await processUse(process.pid);
  t.ok(own !== undefined && own.openDescriptors > 0 && own.residentBytes > 1e6);
  t.ok(own !== undefined && own.mostDescriptors >= own.openDescriptors);
  t.equal(await processUse(2 ** 22 + 1), undefined, 'one that is not there');
});
