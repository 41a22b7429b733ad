import t from 'tap';
import { upperTail } from '../../../../origin/rollout/binomial.ts';
import { type JudgedEdge, judgeEdges } from '../../../../origin/rollout/verdict-state.ts';
import type { RolloutPolicy } from '../../../../shared/site/rollout-policy.ts';
import type { Speed, Trial } from '../../../../shared/wire/rollout-api.ts';

const GUARDS: RolloutPolicy['guards'] = { requests: 100, lost: 0.005, paths: [] };

const BESIDE: Speed = { slots: 180, slower: [2, 1, 0, 0] };

function edge(trial: Partial<Trial> = {}, silentMs = 0): JudgedEdge {
  return {
    ...{ name: 'oslo', isDrained: false },
    silentMs,
    trial: {
      ...{ site: 1, revision: 2, requests: 1000, lost: 0, broken: 0, errors: 0, deaths: 0 },
      checks: { asked: 1, failed: 0 },
      rehearsal: { requests: 256, lost: 0 },
      speed: { slots: 20, slower: [0, 0, 0, 0] },
      silence: { slots: 0, of: 20 },
      busy: { slots: 100, of: 100 },
      past: { requests: 10_000, broken: 10, errors: 2 },
      worst: [],
      ...trial,
    },
  };
}

const verdictOf = (one: JudgedEdge, beside = BESIDE, guards: RolloutPolicy['guards'] = GUARDS) =>
  judgeEdges([one], beside, guards).edges[0]?.verdict;

t.test('what counts against a revision, and what does not', async (t) => {
  const table: readonly [string, JudgedEdge, string][] = [
    ['nothing', edge(), 'good'],
    ['too few answers', edge({ requests: 99 }), 'none'],
    ['no report yet', { ...edge(), trial: null }, 'none'],
    ['a lost page that one reader had a link to', edge({ lost: 1, requests: 10 }), 'none'],
    ['lost pages', edge({ lost: 2, requests: 40 }), 'bad'],
    ['lost pages that hardly anybody asks for', edge({ lost: 5 }), 'good'],
    ['as many broken links as before', edge({ broken: 2 }), 'good'],
    ['broken links that readers tried again', edge({ broken: 12 }), 'good'],
    [
      'requests of before that would be lost now',
      edge({ requests: 0, rehearsal: { requests: 256, lost: 3 } }),
      'bad',
    ],
    ['two of them', edge({ rehearsal: { requests: 256, lost: 2 } }), 'good'],
    ['fewer than the policy allows', edge({ rehearsal: { requests: 1024, lost: 4 } }), 'good'],
    ['too few to rehearse', edge({ rehearsal: { requests: 99, lost: 9 } }), 'good'],
    ['many more broken links', edge({ broken: 40 }), 'bad'],
    ['no past to compare with', edge({ broken: 80, past: { requests: 0, broken: 0, errors: 0 } }), 'none'],
    ['a past too short', edge({ broken: 133, past: { requests: 109, broken: 0, errors: 0 } }), 'none'],
    [
      'a short past that was alike',
      edge({ broken: 133, past: { requests: 109, broken: 14, errors: 0 } }),
      'good',
    ],
    [
      'few failures without a past',
      edge({ broken: 12, past: { requests: 0, broken: 0, errors: 0 } }),
      'good',
    ],
    ['more errors than before', edge({ errors: 30 }), 'bad'],
    ['a serving process ended', edge({ deaths: 1 }), 'good'],
    ['serving processes end', edge({ deaths: 2 }), 'bad'],
    ['a path does not answer', edge({ checks: { asked: 2, failed: 1 } }), 'bad'],
    ['a short silence', edge({}, 59_000), 'good'],
    ['a long silence', edge({}, 60_000), 'bad'],
  ];
  for (const [name, one, verdict] of table) t.equal(verdictOf(one), verdict, name);
});

t.test('answers that take longer than before count beside the other edges', async (t) => {
  const slow = (at: number, slots = 20) =>
    edge({ speed: { slots, slower: [at, at, Math.floor(at / 2), 0] } });
  const judged = (one: JudgedEdge, latency: 2 | 4 | 8 | 16 | undefined = 4, beside = BESIDE) =>
    verdictOf(one, beside, { ...GUARDS, ...(latency !== undefined && { latency }) });
  t.equal(judged(slow(20)), 'bad');
  t.equal(judged(slow(8)), 'good', 'a stall of the machine');
  t.equal(judged(slow(20), 16), 'good', 'not as slow as the policy allows');
  t.equal(verdictOf(slow(20)), 'good', 'the policy does not ask');
  t.equal(judged(slow(20), 4, { slots: 180, slower: [170, 160, 0, 0] }), 'good', 'all are slow');
  t.equal(judged(slow(20), 4, { slots: 0, slower: [0, 0, 0, 0] }), 'good', 'nobody to compare with');
  const single = (slots: number) => judged(slow(slots, slots), 4, { slots, slower: [0, 0, 0, 0] });
  t.equal(single(40), 'good', 'a single other edge may be the one that differs');
  t.equal(single(90), 'bad', 'but not for so long');
});

t.test('readers that have gone', async (t) => {
  const judged = (silence: number, busy: number, more: Partial<JudgedEdge> = {}, requests = 1000) =>
    verdictOf(
      {
        ...edge({ requests, silence: { slots: silence, of: 20 }, busy: { slots: busy, of: 100 } }),
        ...more,
      },
      BESIDE,
      { ...GUARDS, traffic: true },
    );
  t.equal(judged(0, 100), 'good');
  t.equal(judged(2, 100), 'good', 'a pause');
  t.equal(judged(8, 100), 'bad');
  t.equal(judged(8, 100, {}, 3), 'bad', 'although there are few answers');
  t.equal(judged(8, 100, { isDrained: true }), 'good', 'somebody sends them elsewhere');
  t.equal(judged(12, 10), 'good', 'they come rarely');
  t.equal(judged(20, 0, {}, 0), 'none', 'there never were any');
  const silent = edge({ silence: { slots: 8, of: 20 } });
  t.equal(verdictOf(silent), 'good', 'the policy does not ask');
  const late = edge({ silence: { slots: 4, of: 20_000 } });
  t.equal(verdictOf(late, BESIDE, { ...GUARDS, traffic: true }), 'good', 'over hours, some pause is longer');
});

t.test('the worst differences of all edges', async (t) => {
  const worst = (path: string, count: number) => ({ path, status: 404, before: 200, count, referer: null });
  const { worst: found } = judgeEdges(
    [
      edge({ worst: [worst('/a', 1), worst('/b', 9)] }),
      { ...edge({ worst: [worst('/c', 5), worst('/d', 2)] }), name: 'rome' },
    ],
    BESIDE,
    GUARDS,
  );
  t.match(found, [
    { edge: 'oslo', path: '/b' },
    { edge: 'rome', path: '/c' },
    { edge: 'rome', path: '/d' },
  ]);
  t.equal(found.length, 3);
});

t.test('the upper tail of the binomial distribution', async (t) => {
  const near = (found: number, wanted: number) =>
    t.ok(Math.abs(found / wanted - 1) < 1e-9, `${found}, ${wanted}`);
  near(upperTail(1, 1, 0.25), 0.25);
  near(upperTail(2, 2, 0.5), 0.25);
  near(upperTail(2, 3, 0.5), 0.5);
  near(upperTail(3, 3, 1e-6), 1e-18);
  near(upperTail(500, 1000, 0.5), 0.512612509089181);
  t.equal(upperTail(0, 5, 0.1), 1);
  t.equal(upperTail(6, 5, 0.1), 0);
});
