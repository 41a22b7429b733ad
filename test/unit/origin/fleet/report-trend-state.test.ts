import t from 'tap';
import { afterReport, NO_TREND, type Trend } from '../../../../origin/fleet/report-trend-state.ts';
import type { EdgeReport } from '../../../../shared/wire/protocol.ts';
import { edgeReport } from '../../../helpers/edge-report.ts';

const SECOND = 1000;

/** The trend after these reports, which come with these seconds between them. */
function after(reports: readonly Partial<EdgeReport>[], every = 5): Trend {
  return reports.reduce<Trend>(
    (trend, report, i) => afterReport(trend, edgeReport({ time: 1 + i * every * SECOND, ...report })),
    NO_TREND,
  );
}

const counts = (requests: number, errors: number): Partial<EdgeReport> => ({
  use: {
    ...{ contactSeconds: 1, disk: null, memory: 1, cpu: 1, files: { open: 1, most: 9 } },
    ...{ misses: 0, sites: [], requests, errors },
  },
});

t.test('errors are counted over a minute of reports, and begin anew with the edge', async (t) => {
  const steady = Array.from({ length: 12 }, () => counts(1000, 0));
  const table: [reports: Partial<EdgeReport>[], ratio: number | null][] = [
    [steady, null],
    [[...steady, counts(2000, 100)], 0.1],
    [[...steady, counts(1099, 99)], null],
    [[...steady, counts(0, 0)], null],
    [[...steady, counts(2000, 100), counts(2500, 100)], 0.1],
    [[...steady, counts(2000, 100), {}], 0.1],
    [[...steady, ...Array.from({ length: 12 }, () => counts(2000, 100)), counts(3000, 130)], 0.03],
  ];
  for (const [reports, ratio] of table) t.equal(after(reports).errorRatio, ratio);
});

const pending = (bytes: number, target = 2): Partial<EdgeReport> => ({
  sites: [{ site: 1, revision: 1, target, prepared: 0, pendingBytes: bytes, error: null }],
});

t.test('how fast an edge fetches', async (t) => {
  t.equal(after([pending(0), pending(0)]).bytesPerSecond, null, 'it fetches nothing');
  t.equal(after([pending(9000), pending(8000)]).bytesPerSecond, null, 'not long enough to tell');
  t.equal(after([pending(9000), pending(8000), pending(7000)]).bytesPerSecond, 200);
  t.equal(after([pending(9000), pending(9000), pending(9000)]).bytesPerSecond, 0);
  t.equal(after([pending(9000), pending(8000), pending(7000), pending(90_000, 3)]).bytesPerSecond, 200);
  t.equal(after([pending(9000), pending(8000), pending(7000), pending(0)]).bytesPerSecond, null);
});

t.test('since when roots do not match', async (t) => {
  const fault = (time: number, code = 'root-mismatch') => ({
    faults: [{ time, code, message: 'm', upstream: 'http://a' }],
  });
  t.equal(after([{}, fault(5, 'corrupt-object')]).mismatch, null);
  t.strictSame(after([fault(5)]).mismatch, { since: 5, last: 5 });
  t.strictSame(after([fault(5), fault(100_000), fault(200_000)]).mismatch, { since: 5, last: 200_000 });
  t.strictSame(after([fault(5), fault(300_000)]).mismatch, { since: 300_000, last: 300_000 });
  t.equal(after([fault(5), {}]).mismatch, null, 'the edge has restarted');
});
