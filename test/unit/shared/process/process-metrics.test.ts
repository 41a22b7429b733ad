import t from 'tap';
import { processMetrics } from '../../../../shared/process/process-metrics.ts';

t.test('a process tells of its memory, its descriptors and its disk', async (t) => {
  const text = await processMetrics(t.testdir()).metrics();
  const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  for (const name of [
    'process_resident_memory_bytes',
    'process_cpu_seconds_total',
    'process_start_time_seconds',
  ])
    t.ok(value(name) > 0, name);
  t.ok(value('process_open_fds') > 0);
  t.ok(value('process_max_fds') > value('process_open_fds'));
  t.ok(value('skerry_data_free_bytes') > 0);
  t.ok(value('skerry_data_total_bytes') > value('skerry_data_free_bytes'));
  for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm))
    t.equal(name?.endsWith('_total'), type === 'counter', `${name} is a ${type}`);
});
