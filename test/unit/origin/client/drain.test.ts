import t from 'tap';
import { drainInTurn, untilCaughtUp, untilQuiet } from '../../../../origin/client/drain.ts';
import { SkerryError } from '../../../../shared/errors.ts';
import type { EdgeStatus, Status } from '../../../../shared/wire/api.ts';

/** Time passes only when somebody sleeps. `later` is called with the seconds that have passed. */
function world(later: (seconds: number) => void = () => {}) {
  let now = 0;
  const clock = {
    monotonic: () => now,
    async sleep(ms: number) {
      now += ms;
      later(now / 1000);
    },
  };
  return { clock, signal: new AbortController().signal, seconds: () => now / 1000 };
}

function edgeAt(changes: Partial<Record<keyof EdgeStatus, unknown>> = {}): EdgeStatus {
  const status = {
    ...{ name: 'oslo', online: true, drained: true, revoked: false, paused: false, diverged: null },
    ...{ lastSeen: 1, position: 9, limits: { delay: 0, schedule: null }, sites: {}, use: { requests: 7 } },
    health: { state: 'drained' },
    ...changes,
  };
  return status as unknown as EdgeStatus;
}

const REFUSED = 'drained at present: paris';

t.test('an edge waits for its turn to be drained', async (t) => {
  let isFree = false;
  const { clock, signal, seconds } = world((passed) => {
    isFree = passed >= 30;
  });
  const asked: unknown[] = [];
  const client = {
    async ask(...args: unknown[]) {
      asked.push(args.slice(0, 2).join(' '));
      if (!isFree) throw new SkerryError('too-many-drained', REFUSED);
      return edgeAt() as never;
    },
  };
  const options = { atMost: 1, patienceMs: 60_000 };
  t.match(await drainInTurn(client, 'oslo', options, clock, signal), { name: 'oslo' });
  t.equal(seconds(), 30);
  t.equal(asked[0], 'POST /v1/edges/oslo/drain?atMost=1');
});

t.test('it gives up when the same edges stay drained, however long the queue was before', async (t) => {
  let drained = 'rome';
  const { clock, signal, seconds } = world((passed) => {
    if (passed >= 50) drained = 'paris';
  });
  const client = {
    async ask(): Promise<never> {
      throw new SkerryError('too-many-drained', `drained at present: ${drained}`);
    },
  };
  const options = { atMost: 1, patienceMs: 60_000 };
  const drain = drainInTurn(client, 'oslo', options, clock, signal);
  await t.rejects(drain, { code: 'too-many-drained', message: REFUSED });
  t.equal(seconds(), 110);
});

t.test('another fault is not waited for', async (t) => {
  const { clock, signal } = world();
  const client = {
    async ask(): Promise<never> {
      throw new SkerryError('no-such-edge', 'there is no edge oslo');
    },
  };
  const drain = drainInTurn(client, 'oslo', { atMost: 1, patienceMs: 9 }, clock, signal);
  await t.rejects(drain, { code: 'no-such-edge' });
});

t.test('readers have gone when no request came for five seconds', async (t) => {
  for (const [what, at, took] of [
    ['requests that end after 10 s', (s: number) => edgeAt({ use: { requests: Math.min(s, 10) } }), 15],
    ['requests without end', (s: number) => edgeAt({ use: { requests: s } }), 60],
    ['an edge that does not know of the drain yet', () => edgeAt({ health: { state: 'online' } }), 60],
    ['an edge that is offline', () => edgeAt({ online: false }), 0],
  ] as const) {
    const { clock, signal, seconds } = world();
    await untilQuiet({ edges: async () => [at(seconds())] }, 'oslo', 60_000, clock, signal);
    t.equal(seconds(), took, what);
  }
});

t.test('an edge has caught up when a new report says so', async (t) => {
  const live = { name: 'docs', revision: 3 };
  const shown = (revision: number) => ({ docs: { revision } });
  for (const [what, first, then, lack] of [
    ['a report', { sites: shown(3) }, { lastSeen: 2, sites: shown(3) }, undefined],
    ['the report from before the restart', { sites: shown(3) }, { sites: shown(3) }, 'does not report'],
    ['an edge that is gone', {}, { lastSeen: 2, online: false }, 'does not report'],
    ['too few records', {}, { lastSeen: 2, position: 8 }, 'is at record 8 of 9'],
    ['an old revision', {}, { lastSeen: 2, sites: shown(2) }, 'does not show revision 3 of docs yet'],
    ['a site that it does not replicate', {}, { lastSeen: 2 }, undefined],
    ['an edge that stays behind on purpose', {}, { lastSeen: 2, paused: true, sites: shown(2) }, undefined],
    ['one that has diverged', {}, { lastSeen: 2, diverged: {} }, 'has records that the origin lacks'],
  ] as const) {
    const { clock, signal, seconds } = world();
    const client = {
      status: async () =>
        ({
          origin: { seq: 9 + seconds(), sites: [live] },
          edges: [edgeAt(seconds() < 3 ? first : then)],
        }) as unknown as Status,
    };
    const caughtUp = untilCaughtUp(client, 'oslo', 10_000, clock, signal);
    if (lack === undefined) {
      await caughtUp;
      t.equal(seconds(), 3, what);
    } else await t.rejects(caughtUp, { code: 'not-caught-up', message: `the edge oslo ${lack}` }, what);
  }
  const { clock, signal } = world();
  const gone = { status: async () => ({ origin: { seq: 9, sites: [] }, edges: [] }) as unknown as Status };
  await t.rejects(untilCaughtUp(gone, 'oslo', 10_000, clock, signal), { code: 'no-such-edge' });
});
