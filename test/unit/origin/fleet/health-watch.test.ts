import pino from 'pino';
import t from 'tap';
import { toldByReports } from '../../../../origin/fleet/health-events-state.ts';
import type { Health } from '../../../../origin/fleet/health-state.ts';
import { watchHealth } from '../../../../origin/fleet/health-watch.ts';
import type { Event, NewEvent } from '../../../../shared/wire/event.ts';
import { turnedClock } from '../../../helpers/turned-clock.ts';
import { until } from '../../../helpers/until.ts';

t.test('a change of health is an event, and a restart of the origin is none', async (t) => {
  const stored: Event[] = [];
  const health = new Map<string, Health>();
  const is = (name: string, state: Health['state']) =>
    health.set(name, {
      ...{ state, trouble: null, reason: null, at: 0, betterSince: null, hasReported: true },
    });
  let before: Parameters<typeof toldByReports>[0] = [];
  async function watch(steps: (advance: () => Promise<void>) => Promise<void>) {
    const clock = turnedClock();
    const ending = new AbortController();
    let looks = 0;
    const ended = watchHealth(
      {
        judged: async () => {
          looks++;
          return health;
        },
        before: toldByReports(before),
        events: {
          page: async () => ({ events: stored.toReversed(), next: 0, more: false }),
        },
        note: (event: NewEvent) => stored.push({ ...event, id: stored.length, time: clock.now() }),
        clock,
        log: pino({ enabled: false }),
      },
      ending.signal,
    );
    await steps(async () => {
      const before = looks;
      await until('a look', () => {
        clock.advance(5000);
        return looks > before;
      });
    });
    ending.abort();
    await ended;
  }
  is('oslo', 'online');
  is('rome', 'offline');
  await watch(async (look) => {
    await look();
    is('oslo', 'offline');
    await look();
    await look();
  });
  const kinds = () => stored.map(({ kind, edge }) => `${kind} ${edge}`);
  t.strictSame(kinds(), ['edge-online oslo', 'edge-offline oslo']);
  await watch(async (look) => {
    await look();
    is('rome', 'online');
    await look();
    await look();
  });
  t.strictSame(kinds(), ['edge-online oslo', 'edge-offline oslo', 'edge-online rome']);
  stored.length = 0;
  before = ['oslo', 'rome'].map((name) => ({ name, drained: false, lastSeen: 1 }));
  await watch(async (look) => look());
  t.strictSame(kinds(), ['edge-offline oslo'], 'nothing is stored any more, and Oslo died');
});
