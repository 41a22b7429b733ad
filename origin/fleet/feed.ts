import type { Clock } from '../../shared/clock.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { FeedSource } from '../../shared/feed/feed-source.ts';
import { type PublicKey, verifyText } from '../../shared/keys.ts';
import { joinProofText } from '../../shared/protocol.ts';
import type { Payload } from '../../shared/record-kinds.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import type { Catalog } from '../log/catalog.ts';
import type { Fleet } from './fleet.ts';

/** The origin's feed: its own log, its own objects, and the place where edges join. */
export function originFeed(
  catalog: Catalog,
  objects: ObjectStore,
  fleet: Fleet,
  clock: Clock,
  identity: { log: string; epoch: number; key: Payload<'key'> },
): FeedSource {
  const { log, epoch, key } = identity;
  const head = () => catalog.head(clock.now());
  return {
    log,
    clock,
    members: fleet,
    objects,
    appended: fleet.appended,
    records: (from, limit) => catalog.records(from, limit),
    head,
    async holds(site, revision) {
      try {
        await catalog.revision(site, revision);
        return true;
      } catch (error) {
        if (error instanceof SkerryError && error.code === 'no-such-revision') return false;
        throw error;
      }
    },
    diffPage: (site, from, to, after, limit) => catalog.diffPage(site, from, to, after, limit),
    async join(request) {
      if (!verifyText(request.publicKey as PublicKey, joinProofText(request), request.proof)) {
        throw new SkerryError('bad-join-token', 'the proof does not match the public key');
      }
      const seq = await fleet.join(request);
      return { log, epoch, seq, key, head: await head() };
    },
  };
}
