import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { inSnapshots, openDatabase, openDerived, openForReading } from '../../../../shared/sqlite/open.ts';

t.test('a call sees one state, whatever is committed within it', async (t) => {
  const file = join(t.testdir(), 'a.sqlite');
  const writer = openDatabase(file, ['CREATE TABLE a (x INTEGER)']);
  const reader = openForReading(file);
  t.teardown(() => {
    reader.close();
    writer.close();
  });
  const count = () => Number(reader.prepare('SELECT count(*) AS n FROM a').get()?.n);
  const reads = inSnapshots(reader, {
    twice(between: () => void) {
      const before = count();
      between();
      return [before, count()];
    },
    fails() {
      throw new Error('no');
    },
  });
  const write = () => writer.exec('INSERT INTO a VALUES (1)');
  t.strictSame(reads.twice(write), [0, 0]);
  t.throws(() => reads.fails(), { message: 'no' });
  t.strictSame(reads.twice(write), [1, 1], 'the next call sees the next state');
});

t.test('a derived database is begun anew when it is damaged, and never otherwise', async (t) => {
  const file = join(t.testdir(), 'a.sqlite');
  const migration = ['CREATE TABLE a (x INTEGER)'];
  const open = (migrations: string[]) => {
    const database = openDerived(file, migrations);
    const { n } = database.prepare('SELECT count(*) AS n FROM a').get() ?? {};
    database.exec('INSERT INTO a VALUES (1)');
    database.close();
    return n;
  };
  t.equal(open(migration), 0);
  t.throws(
    () => open([...migration, 'CREATE TABLE b (x INTEGER); SELECT no_such_function()']),
    'a passing error',
  );
  t.equal(open(migration), 1, 'the rows are still there');
  writeFileSync(file, 'this is no database, and longer than the head of one: '.repeat(100));
  t.equal(open(migration), 0, 'a damaged file is replaced');
});
