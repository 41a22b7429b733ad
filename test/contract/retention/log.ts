import t from 'tap';
import { prunableRecords, pruneLog } from '../../../origin/retention/log-prune.ts';
import type { SkerryError } from '../../../shared/errors.ts';
import { recordHash, verifyRecord } from '../../../shared/log/record.ts';
import { payloads } from '../../../shared/log/record-kinds.ts';
import { certified, HOUR, key, LOG, Origin, type RetentionTheme, START } from './harness.ts';

/** Where the log begins. */
export function logRetention({ name, place, suite }: RetentionTheme): void {
  suite('the log begins at a checkpoint', async (t, origin) => {
    const { catalog } = origin;
    const site = await origin.site('one', 5);
    const gone = await origin.site('gone', 5);
    await origin.publish(gone, { a: 'x' });
    await catalog.deleteSite('gone', origin.clock.now());
    await origin.publish(site, { a: 'x', b: 'yy' });
    await catalog.putSite('empty', ['empty.example'], origin.clock.now());
    const before = await catalog.head(1);
    t.equal(await catalog.firstSeq(), 1);
    t.strictSame((await catalog.storedLog()).checkpoints, []);
    t.match(await origin.retention.plan(), { records: 0 }, 'young logs stay whole');
    t.match(await origin.retention.plan({ log: true }), { records: before.seq });
    t.match(await origin.retention.run({ log: true }), { records: before.seq });
    const seq = before.seq + 1;
    t.equal(await catalog.firstSeq(), seq);
    t.strictSame((await catalog.storedLog()).checkpoints, [seq]);
    await catalog.putSite('later', undefined, origin.clock.now());
    const [checkpoint, later] = await catalog.records(1, 10);
    t.match(checkpoint, { seq, kind: 'checkpoint', critical: true, site: 0, prev: before.hash });
    if (checkpoint === undefined || later === undefined) throw new Error('two records are there');
    t.ok(verifyRecord(checkpoint, key.publicKey));
    t.equal(later.prev, recordHash(checkpoint), 'the chain goes on');
    const live = await catalog.revision(site, 1);
    const { domains } = await catalog.siteNamed('one');
    t.match(payloads.checkpoint.parseText(checkpoint.payload), {
      key: certified,
      sites: [
        { id: site, name: 'one', domains, revision: 1, root: live.root, seq: live.seq, files: 2 },
        { name: 'empty', domains: ['empty.example'], revision: 0, root: null, seq: 0, files: 0 },
      ],
      members: [],
    });
    t.match(await origin.retention.run({ log: true }), { records: 2 });
    t.match(
      await origin.retention.run({ log: true }),
      { records: 0 },
      'a log that is one checkpoint is pruned',
    );
    t.strictSame((await catalog.storedLog()).checkpoints, [seq + 2]);
    await t.rejects(catalog.dropRecords(seq, 10), /no checkpoint/);

    const last = await catalog.addCheckpoint(1);
    await catalog.putSite('more', undefined, 1);
    const end = await catalog.addCheckpoint(1);
    t.equal(await catalog.dropRecords(end, 2), 2);
    t.equal(await catalog.firstSeq(), end, 'a log that is pruned in part begins where it will begin');
    t.equal(last, end - 2);
    t.match(
      await origin.retention.run(),
      { records: 1 },
      'and what a killed run has left is dropped by the next',
    );
    t.match(await catalog.storedLog(), { first: end, head: end, checkpoints: [end], bytesAfter: [0] });
  });

  suite('a checkpoint that no record can hold is refused', async (t, origin) => {
    const { catalog } = origin;
    const name = (i: number) => `${'n'.repeat(40)}-${i}`;
    const patterns = Array.from({ length: 100 }, (_, i) => `/${'p'.repeat(140)}-${i}`);
    for (let i = 0; i < 300; i++) await catalog.putSite(name(i), [], START, { pinned: patterns });
    const { seq } = await catalog.head(1);
    await t.rejects(origin.retention.run({ log: true }), {
      code: 'checkpoint-too-large',
      message: /300 sites/,
    });
    t.equal((await catalog.head(1)).seq, seq, 'nothing was appended');
    t.equal(await catalog.firstSeq(), 1, 'nothing was pruned');

    const told: (string | undefined)[] = [];
    const log = {
      ...{ catalog, clock: origin.clock, keptLog: { records: 20, bytes: 1e9 } },
      checkpointed(fault: SkerryError | null) {
        told.push(fault?.code);
      },
    };
    t.equal(await pruneLog(log, false, () => {}), 0);
    for (let i = 0; i < 100; i++) await catalog.deleteSite(name(i), START);
    await pruneLog(log, false, () => {});
    t.strictSame(told, ['checkpoint-too-large', undefined], 'told of, though nobody asked for it');
  });

  suite('a log that grows is pruned by itself', async (t, origin) => {
    const { catalog, clock } = origin;
    const keptLog = { records: 20, bytes: 1e9 };
    const log = { catalog, clock, keptLog, checkpointed: () => {} };
    const prune = async (upToNow = false) => {
      const planned = await prunableRecords(log, upToNow);
      t.equal(await pruneLog(log, upToNow, () => {}), planned);
      return planned;
    };
    const records = async (count: number) => {
      for (let i = 0; i < count; i++) await catalog.putSite(`site-${clock.time++}`, undefined, START);
    };
    await records(19);
    t.equal(await prune(), 0);
    t.strictSame((await catalog.storedLog()).checkpoints, [], 'a log that is short enough needs none');
    await records(1);
    t.equal(await prune(), 0);
    t.strictSame((await catalog.storedLog()).checkpoints, [22], 'one is made ready');
    t.equal(await prune(), 0);
    await records(11);
    t.equal(await prune(), 0);
    t.strictSame((await catalog.storedLog()).checkpoints, [22, 34]);
    await records(8);
    t.equal(await prune(), 21, 'the first has 20 records after it');
    t.equal(await catalog.firstSeq(), 22);
    await records(100);
    await prune();
    t.equal(await catalog.firstSeq(), 34);
    t.equal(await prune(true), 109);
    t.equal((await catalog.records(1, 100)).length, 1);
  });

  t.test(`${name}: pins and the beginning of the log outlive a restart`, async (t) => {
    const at = await place(t);
    const before = await at.open(key);
    await before.catalog.found(LOG, certified, START);
    const origin = new Origin(before);
    const site = await origin.site('one', 1);
    for (let i = 1; i <= 3; i++) await origin.publish(site, { a: `${i}` });
    await before.catalog.pin(site, 1, true);
    await origin.retention.run({ log: true });
    const first = await before.catalog.firstSeq();
    await before.close();
    const after = await at.open(key);
    try {
      const opened = new Origin(after);
      opened.clock.time += 2 * HOUR;
      t.equal(await after.catalog.firstSeq(), first);
      t.strictSame((await after.catalog.storedLog()).checkpoints, [first]);
      await opened.retention.run();
      t.strictSame(await opened.numbers(site), [1, 3]);
    } finally {
      await after.close();
    }
  });
}
