import t from 'tap';
import { type Told, tell, toldBy } from '../../../../origin/fleet/health-events-state.ts';
import type { Health, HealthState, Trouble } from '../../../../origin/fleet/health-state.ts';
import type { NewEvent } from '../../../../shared/wire/event.ts';

const MINUTE = 60_000;
const health = (
  state: HealthState,
  trouble: Trouble | null = null,
  reason: string | null = null,
): Health => ({
  ...{ state, trouble, reason, at: 0, betterSince: null },
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
