import t from 'tap';
import { applyRecord } from '../../../../../edge/store/sqlite/records.ts';
import { migrations } from '../../../../../edge/store/sqlite/schema.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import { DEFAULT_POLICY } from '../../../../../shared/site/site-policy.ts';
import { openDatabase, statements } from '../../../../../shared/sqlite/open.ts';
import { SignedLog } from '../../signed-log.ts';

const SITE = 1;

/** What an edge writes down that takes in records and shows none of them: it is paused, or shows them later. */
function waitingEdge() {
  const database = openDatabase(':memory:', migrations);
  const sql = statements(database);
  const log = new SignedLog();
  const take = (kind: string, payload: object, revision = 0, time = 5) =>
    applyRecord(
      sql,
      log.append({
        ...{ kind, payload: JSON.stringify(payload), site: SITE, revision, time },
        root: digestOf(`root ${revision}`),
      }),
    );
  take('settings', { name: 'docs', domains: [], deleted: false, policy: DEFAULT_POLICY });
  return {
    revision: (revision: number, mode: string) =>
      take('revision', { base: 0, files: revision, bytes: 0, message: '', restores: null, mode }, revision),
    activate: (revision: number, payload: object, time: number) => take('activate', payload, revision, time),
    abort: (revision: number) => take('abort', { reason: 'why' }, revision),
    activations: () => sql('SELECT * FROM activation ORDER BY seq').all(),
    announced: () =>
      sql('SELECT revision FROM announced ORDER BY revision')
        .all()
        .map(({ revision }) => Number(revision)),
  };
}

t.test('of activations without end those are kept that a delay can be followed by', async (t) => {
  const edge = waitingEdge();
  const published = (revision: number, payload: { mode: string; now?: boolean }) => {
    edge.revision(revision, payload.mode);
    edge.activate(revision, payload, revision * 1000);
  };
  published(1, { mode: 'batch', now: true });
  published(2, { mode: 'async' });
  for (let i = 3; i <= 1000; i++) published(i, { mode: 'batch' });
  const kept = edge.activations();
  t.equal(kept.length, 2 + 64);
  t.strictSame(
    kept.slice(0, 3).map(({ revision }) => revision),
    [1, 2, 3],
    'what waits for no window beside what does, and the oldest',
  );
  t.equal(kept.at(-1)?.revision, 1000, 'the newest');
  const gaps = kept.slice(1).map(({ time }, i) => Number(time) - Number(kept[i]?.time));
  t.ok(Math.max(...gaps) <= 4 * (1_000_000 / 64), `spread over the time: ${Math.max(...gaps)}`);
  t.strictSame(
    edge.announced(),
    kept.map(({ revision }) => revision),
    'and their numbers of files',
  );
});

t.test('of revisions that are never activated the one is known that may be', async (t) => {
  const edge = waitingEdge();
  for (let i = 1; i <= 300; i++) edge.revision(i, 'batch');
  t.strictSame(edge.announced(), [300]);
  for (let i = 301; i <= 400; i++) {
    edge.revision(i, 'sync');
    edge.abort(i);
  }
  t.strictSame(edge.announced(), [300], 'it is on top again');
});
