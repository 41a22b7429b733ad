import type { Clock } from '../../shared/clock.ts';
import type { WakeupSource } from '../../shared/concurrency/wakeup.ts';
import type { Encodings } from '../../shared/delta/encodings.ts';
import { hasCode } from '../../shared/errors.ts';
import type { FeedMembers, FeedSource, FeedUploads } from '../../shared/feed/feed-source.ts';
import { alsoAhead, type ObjectsAhead } from '../../shared/feed/objects-ahead.ts';
import type { ReportCalls } from '../../shared/feed/report-calls.ts';
import type { Payload } from '../../shared/log/record-kinds.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { SigningKey } from '../../shared/signing/keys.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import type { NoteAct } from '../callers/acts.ts';
import type { LogReads } from '../catalog/log-calls.ts';
import type { RevisionReads } from '../catalog/revision-calls.ts';
import type { SiteReads } from '../catalog/site-calls.ts';
import type { TokenCalls } from '../catalog/token-calls.ts';
import type { Admission } from './fleet.ts';
import { joining } from './joining.ts';
import { sharedReads } from './shared-reads.ts';

export interface OriginFeedParts {
  readonly catalog: Pick<Remote<LogReads>, 'records' | 'head' | 'firstSeq'> &
    Pick<Remote<SiteReads>, 'siteIds'> &
    Pick<Remote<RevisionReads>, 'revision'> &
    Pick<Remote<TokenCalls>, 'token'>;
  /** A second reader of the catalog, so that followers do not delay commits. */
  readonly manifests: FeedSource['manifests'];
  readonly objects: ObjectStore;
  readonly encodings: Encodings;
  readonly fleet: FeedMembers & Admission;
  /** Wakes after each append to the log. */
  readonly appended: WakeupSource;
  readonly calls: ReportCalls;
  readonly ahead: ObjectsAhead;
  readonly uploads?: FeedUploads;
  readonly noteAct: NoteAct;
  readonly clock: Clock;
  readonly identity: { readonly log: string; readonly epoch: number; readonly key: Payload<'key'> };
  /** The key that `identity` names. */
  readonly signingKey: SigningKey;
}

/** The origin's feed: the log, the objects, and the admission of edges. */
export function originFeed({
  catalog,
  manifests,
  objects,
  encodings,
  fleet,
  appended,
  calls,
  ahead,
  uploads,
  noteAct,
  clock,
  identity,
  signingKey,
}: OriginFeedParts): FeedSource {
  const { log } = identity;
  const head = () => catalog.head(clock.now());
  const shared = sharedReads(catalog, clock, appended);
  return {
    log,
    clock,
    members: fleet,
    objectsFor: () => objects,
    held: objects,
    manifests: alsoAhead(manifests, ahead),
    encodings,
    changed: appended,
    calls,
    ahead,
    uploads,
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
