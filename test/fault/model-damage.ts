import { leafOf } from '../../shared/content/buckets.ts';
import { random } from '../helpers/random.ts';
import type { Actor } from './model-actor.ts';
import type { Damage } from './model-steps.ts';

/** Changes an object or a row that the edge holds, as a bad disk does. The seed selects it. */
export function damage(actor: Actor, what: Damage, seed: number): void {
  const dice = random(seed);
  const { disk } = actor.edge;
  const isOfObject = what === 'object-flip' || what === 'object-loss';
  // An object that only an alias shows is removed by the repair, and fetched again when its revision is filled.
  const shown = actor.edge.views.filter(
    ({ revision, alias }) => revision > 0 && !(isOfObject && alias !== null),
  );
  if (shown.length === 0) return;
  const { id, revision } = dice.pick(shown);
  actor.wasDamaged = true;
  if (isOfObject) {
    const { entries } = actor.edge.catalog.manifestPage(id, revision, undefined, 1000);
    const held = entries
      .map(({ digest }) => digest)
      .filter((digest) => (disk.objects.get(digest)?.length ?? 0) > 0);
    if (held.length === 0) return;
    const digest = dice.pick(held);
    actor.areObjectsDamaged = true;
    const bytes = Buffer.from(disk.objects.get(digest) ?? []);
    if (what === 'object-loss') disk.objects.delete(digest);
    else {
      const at = dice.below(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ 0x40;
      disk.objects.set(digest, bytes);
    }
    return;
  }
  if (!what.startsWith('bucket') && what !== 'entry-hash') actor.isManifestDamaged = true;
  if (actor.isManifestDamaged) actor.areObjectsDamaged = true;
  actor.edge.damage((database) => {
    const table = what.startsWith('bucket') ? 'bucket' : 'entry';
    const rows = database
      .prepare(`SELECT * FROM ${table} WHERE site = ? AND from_rev <= ? AND to_rev > ?`)
      .all(id, revision, revision);
    if (rows.length === 0) return;
    const row = dice.pick(rows);
    if (table === 'entry') actor.noteForgotten([row.digest, row.chunks]);
    const one =
      table === 'entry'
        ? `id = ${row.id}`
        : `site = ${id} AND level = ${row.level} AND number = ${row.number} AND from_rev = ${row.from_rev}`;
    const change = {
      'entry-flip': dice.pick([
        'digest = randomblob(32)',
        'size = size + 1',
        "type = 'x/y'",
        'time = time + 1',
      ]),
      'entry-hash': 'hash = randomblob(32)',
      'bucket-flip': 'digest = randomblob(32)',
    }[what as 'entry-flip'];
    if (change !== undefined) database.exec(`UPDATE ${table} SET ${change} WHERE ${one}`);
    else if (what === 'entry-extra')
      database.exec(
        `INSERT OR IGNORE INTO entry (site, leaf, path, from_rev, to_rev, digest, size, chunks, type, meta, time, hash)
         SELECT site, ${leafOf('ghost')}, 'ghost', from_rev, to_rev, digest, size, chunks, type, meta, time, hash
         FROM entry WHERE ${one}`,
      );
    else database.exec(`DELETE FROM ${table} WHERE ${one}`);
  });
}
