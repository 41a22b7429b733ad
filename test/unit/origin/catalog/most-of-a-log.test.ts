import t from 'tap';
import { signerWith } from '../../../../origin/catalog/record-signer.ts';
import { catalogContext } from '../../../../origin/catalog/sqlite/context.ts';
import { fleetCalls } from '../../../../origin/catalog/sqlite/fleet.ts';
import { openLogWriter } from '../../../../origin/catalog/sqlite/log-writer.ts';
import { retentionCalls } from '../../../../origin/catalog/sqlite/retention.ts';
import { migrations } from '../../../../origin/catalog/sqlite/schema.ts';
import { openDatabase } from '../../../../shared/sqlite/open.ts';
import { originKey } from '../../shared/fixed-keys.ts';

function place() {
  const database = openDatabase(':memory:', migrations);
  return {
    database,
    context: catalogContext(database, openLogWriter(database, signerWith(originKey))),
  };
}

t.test('a log has no more edges than a record can name', async (t) => {
  const { database, context } = place();
  const { join } = fleetCalls(context);
  const edge = database.prepare("INSERT INTO edge (name, region, public_key, seq) VALUES (?, 'r', 'k', 1)");
  for (let i = 0; i < 10_000; i++) edge.run(`edge-${i}`);
  const secret = Buffer.alloc(32);
  database.prepare("INSERT INTO token (id, secret, scope, created) VALUES ('t', ?, 'join', 1)").run(secret);
  const request = {
    token: '',
    name: 'one-more',
    region: 'r',
    lat: null,
    lon: null,
    publicKey: 'k',
    proof: '',
  };
  t.throws(() => join(request, { id: 't', secretHash: secret }, 2), { code: 'too-many-edges' });
});

t.test('a site has no more pinned revisions than pruning can look at', async (t) => {
  const { database, context } = place();
  const { pin } = retentionCalls(context);
  const revision = database.prepare(
    "INSERT INTO revision (site, revision, seq, root, base, files, bytes, message, time, mode, state) VALUES (1, ?, 1, '', 0, 0, 0, '', 1, 'async', 'activated')",
  );
  for (let i = 1; i <= 1001; i++) revision.run(i);
  for (let i = 1; i <= 1000; i++) pin(1, i, true);
  t.throws(() => pin(1, 1001, true), { code: 'too-many-pins' });
  pin(1, 1000, true);
  pin(1, 1, false);
  pin(1, 1001, true);
});
