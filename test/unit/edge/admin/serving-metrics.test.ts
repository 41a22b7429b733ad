import t from 'tap';
import { servingMetrics } from '../../../../edge/admin/serving-metrics.ts';
import { Counters } from '../../../../edge/serve/metering/counters.ts';

t.test('what serving processes counted is summed, with its type', async (t) => {
  const [one, other] = [new Counters(), new Counters()];
  one.count('a', 200, 100, 0.002);
  one.count('a', 404, 10, 0.25);
  other.count('a', 200, 50, 70);
  other.count('b', 200, 1, 0);
  other.countExcess('b');
  const text = await servingMetrics([one.snapshot(), other.snapshot()]).metrics();

  t.match(text, '# TYPE skerry_edge_requests_total counter\n');
  t.match(text, 'skerry_edge_requests_total{site="a",status="2xx"} 2\n');
  t.match(text, 'skerry_edge_requests_total{site="a",status="4xx"} 1\n');
  t.match(text, '# TYPE skerry_edge_sent_bytes_total counter\n');
  t.match(text, 'skerry_edge_sent_bytes_total{site="a"} 160\n');
  t.match(text, '# TYPE skerry_edge_rule_excesses_total counter\n');
  t.match(text, 'skerry_edge_rule_excesses_total{site="b"} 1\n');

  t.match(text, '# TYPE skerry_edge_request_duration_seconds histogram\n');
  const bucket = (le: string) =>
    new RegExp(`^skerry_edge_request_duration_seconds_bucket\\{site="a",le="${le}"\\} (\\d+)$`, 'm').exec(
      text,
    )?.[1];
  t.strictSame(['0.001', '0.0025', '0.1', '0.25', '60', '\\+Inf'].map(bucket), [
    '0',
    '1',
    '1',
    '2',
    '2',
    '3',
  ]);
  t.match(text, 'skerry_edge_request_duration_seconds_sum{site="a"} 70.252\n');
  t.match(text, 'skerry_edge_request_duration_seconds_count{site="a"} 3\n');
});

t.test('an edge that has answered nobody tells which metrics it has', async (t) => {
  const text = await servingMetrics([{}, {}]).metrics();
  t.match(text, '# TYPE skerry_edge_requests_total counter\n');
  t.notMatch(text, /^skerry_/m);
});
