import { pino } from 'pino';
import t from 'tap';
import type { RolloutRow } from '../../../../origin/catalog/rollout-calls.ts';
import { type DriverParts, RolloutDriver } from '../../../../origin/rollout/driver.ts';
import { Wakeup } from '../../../../shared/concurrency/wakeup.ts';
import { digestOf } from '../../../../shared/content/digest.ts';
import { seq } from '../../../../shared/log/record.ts';
import { READY_POLICIES } from '../../../../shared/site/ready-rollouts.ts';
import { DEFAULT_POLICY } from '../../../../shared/site/site-policy.ts';
import { turnedClock } from '../../../helpers/turned-clock.ts';
import { until } from '../../../helpers/until.ts';

const { canary } = READY_POLICIES;
const rolloutOf = (site: number, changes: Partial<RolloutRow> = {}): RolloutRow => ({
  ...{ site, siteName: `site-${site}`, revision: 7, root: digestOf('7'), base: 6, seq: seq(9), message: '' },
  ...{ policy: canary, state: 'running', reason: '', step: 1, edges: ['oslo'] },
  ...{ began: 0, stepped: 0, dwell: 1, ended: null, evidence: { edges: [], worst: [] } },
  ...changes,
});
const LONG_SILENT_MS = 10 * 60_000;

interface Origin {
  readonly rollouts: readonly RolloutRow[];
  readonly now?: () => number;
  /** Stores the evidence of a rollout. */
  readonly note?: (rollout: RolloutRow) => Promise<void>;
  /** How long the edge of this site has had no lease. */
  readonly silentMs?: (site: number) => number;
}

/** Runs a driver until `work` ends. */
async function driving(
  { rollouts, now = Date.now, note = async () => {}, silentMs = () => 0 }: Origin,
  work: (seen: { readonly failed: number[]; readonly asked: number[]; looks: number }) => Promise<void>,
) {
  const oslo = { name: 'oslo', region: 'eu', labels: [], load: 1, isPrepared: true, isShown: true };
  const seen = { failed: [] as number[], asked: [] as number[], looks: 0 };
  const parts = {
    rollouts: {
      changed: new Wakeup(),
      open: async () => {
        seen.looks++;
        return rollouts;
      },
      note,
      fail: async ({ site }: RolloutRow) => void seen.failed.push(site),
    },
    catalog: { revision: async () => ({ mode: 'batch' }), site: async () => ({ policy: DEFAULT_POLICY }) },
    fleet: {
      changed: new Wakeup(),
      rolloutEdges: () => [oslo],
      judgedEdges: (names: readonly string[], site: number) =>
        names.map((name) => ({ name, silentMs: silentMs(site), isDrained: false, trial: null })),
      speedBeside: () => ({ slots: 0, slower: [0, 0, 0, 0] }),
    },
    consents: {
      ...{ answered: new Wakeup(), of: () => undefined, keep() {} },
      ask: ({ site }: RolloutRow) => void seen.asked.push(site),
    },
    ...{ begun: new Wakeup(), clock: { ...turnedClock(), now }, call() {}, note() {} },
    log: pino({ level: 'silent' }),
  } as unknown as DriverParts;
  const stopping = new AbortController();
  const ended = new RolloutDriver(parts).run(stopping.signal);
  try {
    await work(seen);
  } finally {
    stopping.abort();
    await ended;
  }
}

t.test('a rollout that waits for its site holds up no other one', async (t) => {
  const publish = Promise.withResolvers<void>();
  await driving(
    {
      rollouts: [rolloutOf(1), rolloutOf(2)],
      note: ({ site }) => (site === 1 ? publish.promise : Promise.resolve()),
      silentMs: (site) => (site === 2 ? LONG_SILENT_MS : 0),
    },
    async ({ failed }) => {
      try {
        await until('the bad revision of the other site is taken back', () => failed.includes(2));
      } finally {
        publish.resolve();
      }
      t.notOk(failed.includes(1));
    },
  );
});

t.test('the webhook of a batch publish is asked when its window opens', async (t) => {
  const policy = { ...canary, guards: { ...canary.guards, webhook: 'gate' } };
  let hour = 12;
  await driving(
    {
      rollouts: [rolloutOf(1, { policy, step: 0, edges: [] })],
      now: () => Date.UTC(2026, 0, 1, hour),
    },
    async (seen) => {
      await until('two looks', () => seen.looks > 2);
      t.strictSame(seen.asked, [], 'what it says now may not hold then');
      hour = 4;
      await until('the question', () => seen.asked.includes(1));
    },
  );
});
