import t from 'tap';
import { type Told, tell, toldBy, toldByReports } from '../../../../origin/fleet/health-events-state.ts';
import type { Health, HealthState, Trouble } from '../../../../origin/fleet/health-state.ts';
import type { NewEvent } from '../../../../shared/wire/event.ts';

const MINUTE = 60_000;
const health = (
  state: HealthState,
  trouble: Trouble | null = null,
  reason: string | null = null,
): Health => ({
  ...{ state, trouble, reason, at: 0, betterSince: null, hasReported: true },
});

/** The events that follow from these looks, which happen once a minute. */
function events(looks: readonly Health[], first?: Told): NewEvent[] {
  let told = first;
  return looks.flatMap((look, minute) => {
    const telling = tell(told, 'oslo', look, minute * MINUTE);
    told = telling.told;
    return telling.event ?? [];
  });
}

t.test('which event a change is', async (t) => {
  const [well, gone] = [health('online'), health('offline', null, 'no report for 9 s')];
  const table: [looks: Health[], kinds: string[]][] = [
    [[gone], []],
    [[gone, well, well], ['edge-online']],
    [
      [well, gone, gone, well],
      ['edge-online', 'edge-offline', 'edge-online'],
    ],
    [
      [well, health('degraded', 'disk'), health('degraded', 'files')],
      ['edge-online', 'edge-health', 'edge-health'],
    ],
    [
      [well, health('degraded', 'disk'), health('degraded', 'pruned-disk')],
      ['edge-online', 'edge-health', 'edge-disk-full'],
    ],
    [
      [well, health('drained'), gone],
      ['edge-online', 'edge-health', 'edge-offline'],
    ],
    [[gone, health('lagging', 'bandwidth')], ['edge-online']],
  ];
  for (const [looks, kinds] of table)
    t.strictSame(
      events(looks).map(({ kind }) => kind),
      kinds,
    );
  t.match(events([well, gone])[1], {
    kind: 'edge-offline',
    edge: 'oslo',
    cause: 'no report for 9 s',
    what: { from: 'online', state: 'offline', trouble: null },
  });
});

t.test('an edge that flutters does not flood the log', async (t) => {
  const looks = Array.from({ length: 100 }, (_, i) => health(i % 2 === 0 ? 'online' : 'offline'));
  const told = events(looks);
  t.equal(told.filter((_, i) => i < 10).length, 10);
  t.ok(told.length <= 20, `${told.length} events in 100 minutes`);
  t.equal(told[9]?.what.quietUntil, 60 * MINUTE, 'the last one says until when it is quiet');
  t.ok(Number(told[10]?.what.untold) >= 49, 'the next one says how much was not told');
});

t.test('a new process continues from the events of the one before', async (t) => {
  const stored = events([health('online'), health('degraded', 'disk')]).map((event, id) => ({
    ...event,
    ...{ id, time: id * MINUTE },
  }));
  const told = toldBy(stored.toReversed()).get('oslo');
  t.match(told, { state: 'degraded', trouble: 'disk', times: [0, MINUTE] });
  t.strictSame(events([health('degraded', 'disk')], told), []);
  t.equal(events([health('online')], told).length, 1);
});

t.test('an edge whose events are no longer kept begins with what its last report tells', async (t) => {
  const day = 24 * 60 * MINUTE;
  const member = { drained: false, lastSeen: day };
  const begins = toldByReports([
    { ...member, name: 'oslo' },
    { ...member, name: 'rome', lastSeen: day - MINUTE },
    { ...member, name: 'bern', drained: true },
    { ...member, name: 'kiel', lastSeen: 5 },
    { ...member, name: 'new', lastSeen: null },
  ]);
  const first = (edge: string, state: HealthState) => events([health(state)], begins.get(edge))[0]?.kind;
  for (const [edge, before, now] of [
    ['oslo', 'online', 'offline'],
    ['rome', 'online', 'offline'],
    ['bern', 'drained', 'offline'],
  ] as const) {
    t.equal(first(edge, before), undefined, `${edge} is as it was`);
    t.equal(first(edge, now), 'edge-offline', `${edge} died while nobody looked`);
  }
  t.equal(first('kiel', 'offline'), undefined, 'it was away already when the others were seen last');
  t.equal(first('kiel', 'online'), 'edge-online');
  t.equal(first('new', 'offline'), undefined);
  t.equal(first('new', 'online'), 'edge-online', 'it reports for the first time');
});

t.test('a clock that was put back quiets no edge', async (t) => {
  const hours = 100 * 60 * MINUTE;
  const times = Array.from({ length: 10 }, (_, i) => hours + i);
  const told: Told = { state: 'online', trouble: null, times, untold: 0, seen: 'online null' };
  t.match(events([health('offline')], told), [{ kind: 'edge-offline' }]);
});
