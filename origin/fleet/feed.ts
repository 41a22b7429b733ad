import type { Clock } from '../../shared/clock.ts';
import type { Encodings } from '../../shared/delta/encodings.ts';
import { hasCode, SkerryError } from '../../shared/errors.ts';
import type { FeedSource } from '../../shared/feed/feed-source.ts';
import { type PublicKey, verifyText } from '../../shared/keys.ts';
import { joinProofText } from '../../shared/protocol.ts';
import type { Payload } from '../../shared/record-kinds.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import type { Catalog } from '../log/catalog.ts';
import type { Fleet } from './fleet.ts';
import { sharedReads } from './shared-reads.ts';

export interface OriginFeedParts {
  readonly catalog: Catalog;
  /** Apart from the catalog where there are threads: what followers read holds up no commit. */
  readonly manifests: FeedSource['manifests'];
  readonly objects: ObjectStore;
  readonly encodings: Encodings;
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly identity: { readonly log: string; readonly epoch: number; readonly key: Payload<'key'> };
}

/** The origin's feed: its own log, its own objects, and the place where edges join. */
export function originFeed({
  catalog,
  manifests,
  objects,
  encodings,
  fleet,
  clock,
  identity,
}: OriginFeedParts): FeedSource {
  const { log, epoch, key } = identity;
  const head = () => catalog.head(clock.now());
  const shared = sharedReads(catalog, clock, fleet.appended);
  return {
    log,
    clock,
    members: fleet,
    objects,
    held: objects,
    manifests,
    encodings,
    changed: fleet.appended,
    path: () => [],
    admit: () => {},
    firstSeq: () => catalog.firstSeq(),
    ...shared,
    async holds(site, revision) {
      try {
        await catalog.revision(site, revision);
        return 'held';
      } catch (error) {
        if (hasCode(error, 'no-such-revision')) return 'absent';
        throw error;
      }
    },
    async join(request) {
      if (!verifyText(request.publicKey as PublicKey, joinProofText(request), request.proof)) {
        throw new SkerryError('bad-join-token', 'the proof does not match the public key');
      }
      const seq = await fleet.join(request);
      return { log, epoch, seq, key, head: await head() };
    },
  };
}
