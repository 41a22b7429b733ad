import { AggregatorRegistry, type Registry } from 'prom-client';
import { LATENCY_BUCKETS, type ServingCounters, type SiteCounters } from '../messages/counters.ts';

/** A metric in the format of prom-client's `getMetricsAsJSON`, which processes use to pass metrics to each other. */
interface MetricJson {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'histogram';
  readonly aggregator: 'sum';
  readonly values: readonly Value[];
}

interface Value {
  /** The parts of a histogram have names of their own. */
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/**
 * A registry with the sums over all serving processes. These processes count with plain numbers, but prom-client's
 * Histogram can only observe single responses. So the counts are passed to prom-client in the JSON format that it uses
 * between processes.
 */
export function servingMetrics(processes: readonly ServingCounters[]): Registry {
  return AggregatorRegistry.aggregate(processes.map(metricsOf));
}

function metricsOf(counters: ServingCounters): readonly MetricJson[] {
  const sites = Object.entries(counters);
  return [
    metric('counter', 'skerry_edge_requests_total', 'Answered requests, by class of status.', [
      ...sites.flatMap(([site, { requests }]) =>
        Object.entries(requests).map(([status, value]) => ({ labels: { site, status }, value })),
      ),
    ]),
    metric('counter', 'skerry_edge_sent_bytes_total', 'Bytes of bodies that were sent to readers.', [
      ...sites.map(([site, { bytes }]) => ({ labels: { site }, value: bytes })),
    ]),
    metric(
      'counter',
      'skerry_edge_rule_excesses_total',
      "Requests refused because the headers from the site's rules would exceed a limit (414 or 500).",
      sites.map(([site, { excesses }]) => ({ labels: { site }, value: excesses })),
    ),
    metric(
      'histogram',
      DURATION,
      'Time from the head of a request to the last byte of its answer.',
      sites.flatMap(([site, counted]) => durations(site, counted)),
    ),
  ];
}

const DURATION = 'skerry_edge_request_duration_seconds';

function metric(type: MetricJson['type'], name: string, help: string, values: readonly Value[]): MetricJson {
  return { name, help, type, aggregator: 'sum', values };
}

/** In this format, each bucket of a histogram counts all responses that took no longer than its bound. */
function durations(site: string, { buckets, seconds }: SiteCounters): Value[] {
  let count = 0;
  const cumulative = buckets.map((inBucket, index) => {
    count += inBucket;
    const le = LATENCY_BUCKETS[index] ?? '+Inf';
    return { metricName: `${DURATION}_bucket`, labels: { site, le }, value: count };
  });
  return [
    ...cumulative,
    { metricName: `${DURATION}_sum`, labels: { site }, value: seconds },
    { metricName: `${DURATION}_count`, labels: { site }, value: count },
  ];
}
