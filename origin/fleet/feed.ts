import type { Clock } from '../../shared/clock.ts';
import type { Encodings } from '../../shared/delta/encodings.ts';
import { hasCode } from '../../shared/errors.ts';
import type { FeedSource } from '../../shared/feed/feed-source.ts';
import type { Payload } from '../../shared/log/record-kinds.ts';
import type { SigningKey } from '../../shared/signing/keys.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import type { NoteAct } from '../callers/acts.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Fleet } from './fleet.ts';
import { joining } from './joining.ts';
import { sharedReads } from './shared-reads.ts';

export interface OriginFeedParts {
  readonly catalog: Catalog;
  /** Apart from the catalog where there are threads: what followers read holds up no commit. */
  readonly manifests: FeedSource['manifests'];
  readonly objects: ObjectStore;
  readonly encodings: Encodings;
  readonly fleet: Fleet;
  readonly noteAct: NoteAct;
  readonly clock: Clock;
  readonly identity: { readonly log: string; readonly epoch: number; readonly key: Payload<'key'> };
  /** That of the identity. */
  readonly signingKey: SigningKey;
}

/** The origin's feed: its own log, its own objects, and the place where edges join. */
export function originFeed({
  catalog,
  manifests,
  objects,
  encodings,
  fleet,
  noteAct,
  clock,
  identity,
  signingKey,
}: OriginFeedParts): FeedSource {
  const { log } = identity;
  const head = () => catalog.head(clock.now());
  const shared = sharedReads(catalog, clock, fleet.appended);
  return {
    log,
    clock,
    members: fleet,
    objectsFor: () => objects,
    held: objects,
    manifests,
    encodings,
    changed: fleet.appended,
    siteIds: (names) => catalog.siteIds(names),
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
    ...joining({ catalog, fleet, noteAct, clock, identity, signingKey, head }),
  };
}
