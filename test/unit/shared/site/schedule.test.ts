import t from 'tap';
import { schema } from '../../../../shared/json/schema.ts';
import {
  checkSchedule,
  nextWindow,
  type Schedule,
  scheduleSchema,
  windowAt,
} from '../../../../shared/site/schedule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const at = (text: string) => Date.parse(text);
const nightly: Schedule = { cron: '0 3 * * *', timezone: 'UTC', minutes: 120 };
const utc = (cron: string, minutes: number): Schedule => ({ cron, timezone: 'UTC', minutes });

function text(window: { opens: number; closes: number } | undefined): string {
  if (window === undefined) return 'closed';
  const [opens, closes] = [window.opens, window.closes].map((ms) => new Date(ms).toISOString().slice(0, 16));
  return `${opens} ${closes}`;
}

t.test('the schema is closed and bounded', async (t) => {
  const schedules = schema(scheduleSchema);
  t.strictSame(schedules.parse(nightly), nightly);
  for (const change of [
    { minutes: 0 },
    { minutes: 1441 },
    { minutes: 1.5 },
    { cron: '0 3 * * *'.padEnd(101) },
    { timezone: '' },
    { seconds: 1 },
  ]) {
    t.throws(
      () => schedules.parse({ ...nightly, ...change }),
      { code: 'bad-request' },
      JSON.stringify(change),
    );
  }
});

t.test('expressions that are taken', async () => {
  for (const cron of [
    '0 3 * * *',
    '  0   3 * *\t*',
    '*/15 0-6,22,23 1-15/2 jan-MAR mon-FRI',
    '0 0 * * 7',
    '0 0 L * *',
    '0 0 * * SUN#1',
    '0 0 29 2 *',
    '0 0 30 2 MON',
  ]) {
    checkSchedule({ ...nightly, cron });
  }
});

t.test('expressions that are refused', async (t) => {
  const refused: [cron: string, message: RegExp][] = [
    ['', /five fields are needed, not 1/],
    ['0 3 * *', /five fields are needed, not 4/],
    ['0 0 3 * * *', /five fields are needed, not 6/],
    ['0 0 3 * * * 2030', /five fields are needed, not 7/],
    ['@daily', /five fields are needed, not 1/],
    ['@reboot', /five fields/],
    ['2030-01-01T00:00:00Z', /five fields/],
    ['@daily * * * *', /@daily is not understood/],
    ['? ? * * *', /\? is not understood/],
    ['0 0 1 * +1', /\+1 is not understood/],
    ['60 * * * *', /Invalid value for minute: 60/],
    ['0 24 * * *', /Invalid value for hour: 24/],
    ['0 0 0 * *', /./],
    ['0 0 * 13 *', /./],
    ['0 0 * * 8', /./],
    ['0 22-6 * * *', /From value is larger/],
    ['/5 * * * *', /./],
    ['*/0 * * * *', /./],
    ['0,,1 * * * *', /./],
    ['0 0 * * SUNDAY', /./],
    ['0 0 30 2 *', /it never fires/],
    ['0 0 31 2,4,6,9,11 *', /it never fires/],
  ];
  for (const [cron, message] of refused) {
    t.throws(() => checkSchedule({ ...nightly, cron }), { code: 'bad-schedule', status: 400, message }, cron);
    t.throws(() => windowAt({ ...nightly, cron }, 0), { code: 'bad-schedule' }, cron);
    t.throws(() => nextWindow({ ...nightly, cron }, 0), { code: 'bad-schedule' }, cron);
  }
});

t.test('time zones by their names only', async (t) => {
  for (const timezone of ['UTC', 'Europe/Oslo', 'america/new_york', 'Etc/GMT+1', 'Asia/Kolkata']) {
    checkSchedule({ ...nightly, timezone });
  }
  checkSchedule({ ...nightly, timezone: 'UTC', cron: '0 3 * * *' });
  t.throws(() => checkSchedule({ ...nightly, timezone: 'UTC 0', cron: '3 * * *' }), { code: 'bad-schedule' });
  for (const timezone of ['', '+01:00', '-05', 'Europe/Atlantis', 'local', ' UTC']) {
    const schedule = { ...nightly, timezone };
    t.throws(
      () => checkSchedule(schedule),
      { code: 'bad-schedule', message: /not an IANA time zone/ },
      timezone,
    );
  }
});

t.test('a window is open from its first millisecond on and before its last', async (t) => {
  const tonight = '2026-05-01T03:00 2026-05-01T05:00';
  const table: [now: string, open: string, next: string][] = [
    ['2026-05-01T02:59:59.999Z', 'closed', tonight],
    ['2026-05-01T03:00:00.000Z', tonight, '2026-05-02T03:00 2026-05-02T05:00'],
    ['2026-05-01T03:00:00.001Z', tonight, '2026-05-02T03:00 2026-05-02T05:00'],
    ['2026-05-01T04:59:59.999Z', tonight, '2026-05-02T03:00 2026-05-02T05:00'],
    ['2026-05-01T05:00:00.000Z', 'closed', '2026-05-02T03:00 2026-05-02T05:00'],
  ];
  for (const [now, open, next] of table) {
    t.equal(text(windowAt(nightly, at(now))), open, `open at ${now}`);
    t.equal(text(nextWindow(nightly, at(now))), next, `next after ${now}`);
  }
});

t.test('windows that overlap or touch are one', async (t) => {
  const overlapping = utc('0,30 1-3 * * *', 60);
  const touching = utc('0 1-4 * * *', 60);
  const apart = utc('0 1-4 * * *', 59);
  for (const now of ['01:00', '01:29', '03:00', '04:29'].map((time) => at(`2026-05-01T${time}Z`))) {
    t.equal(text(windowAt(overlapping, now)), '2026-05-01T01:00 2026-05-01T04:30');
    t.equal(text(windowAt(touching, now)), '2026-05-01T01:00 2026-05-01T05:00');
    t.equal(text(nextWindow(overlapping, now)), '2026-05-02T01:00 2026-05-02T04:30');
    t.equal(text(nextWindow(touching, now)), '2026-05-02T01:00 2026-05-02T05:00');
  }
  t.equal(text(windowAt(apart, at('2026-05-01T01:59Z'))), 'closed');
  t.equal(text(nextWindow(apart, at('2026-05-01T01:59Z'))), '2026-05-01T02:00 2026-05-01T02:59');
});

t.test('a window that goes over midnight, and one as long as a day', async (t) => {
  const late = utc('0 23 * * FRI', 180);
  t.equal(text(windowAt(late, at('2026-05-02T01:00Z'))), '2026-05-01T23:00 2026-05-02T02:00');
  const saturdays = utc('0 0 * * SAT,SUN', 1440);
  t.equal(text(windowAt(saturdays, at('2026-05-03T12:00Z'))), '2026-05-02T00:00 2026-05-04T00:00');
});

t.test('one that never closes is cut, and open again where it was cut', async (t) => {
  const now = at('2026-05-01T12:34:56Z');
  for (const schedule of [utc('* * * * *', 1), utc('0 * * * *', 60), utc('*/5 * * * *', 1440)]) {
    const open = windowAt(schedule, now);
    t.ok(open !== undefined && open.opens <= now && open.closes > now, schedule.cron);
    if (open === undefined) continue;
    t.ok(windowAt(schedule, open.closes), `${schedule.cron} is open again`);
    const next = nextWindow(schedule, now);
    t.ok(next.opens >= open.closes && next.opens < open.closes + HOUR, `${schedule.cron} goes on`);
    t.ok(next.closes > next.opens);
  }
});

t.test('the same as minutes that are counted one by one', async (t) => {
  const start = at('2026-05-01T00:00Z');
  for (const minutes of [1, 20, 34, 35, 36, 144]) {
    const schedule = utc('5,40 */3 * * *', minutes);
    const opensAt = (minute: number) => [5, 40].includes(minute % 180);
    const opened = Array.from({ length: 3 * 1440 }, (_, at) => opensAt(at));
    const open = (minute: number) => opened.slice(minute + 1441 - minutes, minute + 1441).includes(true);
    const faults: string[] = [];
    // All comes again every 180 minutes.
    for (let minute = 0; minute < 200; minute++) {
      const now = start + minute * MINUTE;
      let first = minute;
      while (open(first - 1)) first--;
      let last = minute;
      while (open(last)) last++;
      const window = { opens: start + first * MINUTE, closes: start + last * MINUTE };
      const expected = open(minute) ? text(window) : 'closed';
      const found = text(windowAt(schedule, now));
      if (found !== expected) faults.push(`${minute}: ${found} instead of ${expected}`);

      let next = open(minute) ? last : minute + 1;
      while (!open(next)) next++;
      let end = next;
      while (open(end)) end++;
      const coming = text({ opens: start + next * MINUTE, closes: start + end * MINUTE });
      const foundNext = text(nextWindow(schedule, now));
      if (foundNext !== coming) faults.push(`${minute}: then ${foundNext} instead of ${coming}`);
    }
    t.strictSame(faults, [], `${minutes} minutes`);
  }
});

t.test('the clocks of summer and winter', async (t) => {
  const table: [timezone: string, cron: string, after: string, opens: string[]][] = [
    // Oslo skips 02:00 to 03:00 on 29 March 2026 and repeats it on 25 October.
    ['Europe/Oslo', '0 4 * * *', '2026-03-28', ['2026-03-28T03:00', '2026-03-29T02:00', '2026-03-30T02:00']],
    ['Europe/Oslo', '0 4 * * *', '2026-10-24', ['2026-10-24T02:00', '2026-10-25T03:00', '2026-10-26T03:00']],
    ['Europe/Oslo', '30 2 * * *', '2026-03-28', ['2026-03-28T01:30', '2026-03-29T01:00', '2026-03-30T00:30']],
    ['Europe/Oslo', '30 2 * * *', '2026-10-24', ['2026-10-24T00:30', '2026-10-25T00:30', '2026-10-26T01:30']],
    ['Europe/Oslo', '30 2,14 * * *', '2026-03-29', ['2026-03-29T01:00', '2026-03-29T12:30']],
    ['Europe/Oslo', '30 2,14 * * *', '2026-10-25', ['2026-10-25T00:30', '2026-10-25T13:30']],
    // New York skips 02:00 to 03:00 on 8 March 2026 and repeats 01:00 to 02:00 on 1 November.
    ['America/New_York', '0 4 * * *', '2026-03-07', ['2026-03-07T09:00', '2026-03-08T08:00']],
    ['America/New_York', '0 4 * * *', '2026-10-31', ['2026-10-31T08:00', '2026-11-01T09:00']],
    [
      'America/New_York',
      '30 2 * * *',
      '2026-03-07',
      ['2026-03-07T07:30', '2026-03-08T07:00', '2026-03-09T06:30'],
    ],
    [
      'America/New_York',
      '30 1 * * *',
      '2026-10-31',
      ['2026-10-31T05:30', '2026-11-01T05:30', '2026-11-02T06:30'],
    ],
  ];
  for (const [timezone, cron, after, opens] of table) {
    const schedule = { cron, timezone, minutes: 20 };
    let time = at(`${after}T00:00Z`);
    for (const expected of opens) {
      const window = nextWindow(schedule, time);
      const place = `${timezone} ${cron} after ${new Date(time).toISOString()}`;
      t.equal(window.opens, at(`${expected}Z`), place);
      t.equal(window.closes, window.opens + 20 * MINUTE, place);
      t.strictSame(windowAt(schedule, window.opens), window, place);
      t.strictSame(windowAt(schedule, window.closes - 1), window, place);
      t.equal(windowAt(schedule, window.opens - 1), undefined, place);
      t.equal(windowAt(schedule, window.closes), undefined, place);
      time = window.closes;
    }
  }
});

t.test('a window is as long on the night the clocks change', async (t) => {
  const oslo = { cron: '0 1 * * *', timezone: 'Europe/Oslo', minutes: 240 };
  t.equal(text(windowAt(oslo, at('2026-03-29T03:59Z'))), '2026-03-29T00:00 2026-03-29T04:00');
  t.equal(text(windowAt(oslo, at('2026-10-25T01:30Z'))), '2026-10-24T23:00 2026-10-25T03:00');
  t.equal(windowAt(oslo, at('2026-10-25T03:00Z')), undefined);
});

t.test('a day of 25 hours leaves an hour between windows of 24', async (t) => {
  const daily = { cron: '0 0 * * *', timezone: 'America/New_York', minutes: 1440 };
  t.equal(windowAt(daily, at('2026-11-02T04:30Z')), undefined);
  t.equal(nextWindow(daily, at('2026-11-02T04:30Z')).opens, at('2026-11-02T05:00Z'));
});

t.test(
  'around the changes of clocks, windows follow each other in order and each is found from within',
  async (t) => {
    for (const [timezone, days] of [
      ['Europe/Oslo', ['2026-03-28', '2026-10-24']],
      ['America/New_York', ['2026-03-07', '2026-10-31']],
      ['Australia/Lord_Howe', ['2026-04-04', '2026-10-03']],
    ] as const) {
      const schedule = { cron: '*/20 0-4 * * *', timezone, minutes: 15 };
      const faults: string[] = [];
      // The clocks change on the second of the three days.
      for (const day of days) {
        let time = at(`${day}T00:00Z`);
        const end = time + 3 * DAY;
        while (time < end) {
          const window = nextWindow(schedule, time);
          const middle = (window.opens + window.closes) / 2;
          if (window.opens <= time)
            faults.push(`${text(window)} is not after ${new Date(time).toISOString()}`);
          if (text(windowAt(schedule, middle)) !== text(window)) faults.push(`${text(window)} from within`);
          if (windowAt(schedule, window.opens - 1) !== undefined) faults.push(`open before ${text(window)}`);
          time = window.opens;
        }
      }
      t.strictSame(faults, [], timezone);
    }
  },
);

t.test('a leap day is found years ahead', async (t) => {
  const leap = utc('0 0 29 2 *', 60);
  t.equal(nextWindow(leap, at('2028-02-29T00:00Z')).opens, at('2032-02-29T00:00Z'));
});
