import type { Logger } from 'pino';
import { spaced } from '../../shared/concurrency/spaced.ts';
import type { Wakeup } from '../../shared/concurrency/wakeup.ts';
import type { ReportCalls } from '../../shared/feed/report-calls.ts';
import type { Visible } from '../activate/visible.ts';
import type { Children } from '../feed/children.ts';
import type { AheadFetch } from '../follow/ahead/ahead-fetch.ts';
import type { LogPosition } from '../follow/log/log-position.ts';
import type { LogTime } from '../follow/log/log-time.ts';
import type { SiteLoops } from '../follow/sync/site-loops.ts';
import type { Roster } from '../follow/upstream/roster.ts';
import type { Membership } from '../report/membership.ts';
import type { Reporter } from '../report/reporter.ts';
import type { EdgeCatalog } from '../store/catalog.ts';
import type { Readers } from './parts.ts';

/** The minimum time between two wake-ups of all children because of data that the origin did not sign. */
const PASS_ON_MS = 50;

export interface LogEffectsParts {
  /** The name of this edge. */
  readonly name: string;
  readonly catalog: Pick<EdgeCatalog, 'redate'>;
  readonly position: LogPosition;
  readonly time: LogTime;
  readonly loops: Pick<SiteLoops, 'wake'>;
  readonly aheadFetch: Pick<AheadFetch, 'offered'>;
  readonly visible: Pick<Visible, 'show'>;
  readonly readers: Pick<Readers, 'time' | 'drained'>;
  readonly isDrained: () => boolean;
  readonly membership: Pick<Membership, 'heard'>;
  readonly children: Pick<Children, 'setMembers'>;
  readonly roster: Pick<Roster, 'set'>;
  readonly reporter: Pick<Reporter, 'changed' | 'called'>;
  /** The requests for reports, which are passed on to children. */
  readonly calls: ReportCalls;
  /**
   * Wakes when the log, the upstream path or the members have changed, because the feed may then have other content.
   */
  readonly feedChanged: Wakeup;
  /** Wakes when purges may have arrived. */
  readonly purgesCame: Wakeup;
  readonly log: Logger;
}

/** Starts the work that this edge must do when the log moves and as the time of the log passes. */
export class LogEffects {
  readonly #parts: LogEffectsParts;

  constructor(parts: LogEffectsParts) {
    this.#parts = parts;
    const { name, position, time, loops, aheadFetch, readers, membership, reporter, calls } = parts;
    const { feedChanged, log } = parts;
    position.on('head', () => membership.heard());
    position.on('records', () => {
      this.#newRecords().catch((error) => log.error({ err: error }, 'new records could not be applied'));
    });
    // Upstream paths and requests for reports are not signed, so an upstream could send any number of them.
    const passOn = spaced(() => feedChanged.wake(), PASS_ON_MS);
    position.on('path', () => {
      passOn();
      reporter.called();
    });
    position.on('call', (edges) => {
      if (edges === null || edges.includes(name)) reporter.called();
      calls.call(edges);
      passOn();
    });
    position.on('ahead', (sites) => aheadFetch.offered(sites));
    time.onChange(() => {
      readers.time(time.ahead);
      // Sites that are waiting for a certain time must compare it with the new time.
      loops.wake().catch((error) => log.error({ err: error }, 'the new time could not be applied'));
    });
  }

  /** Corrects stored dates that lie in the future because the origin's clock was set back. */
  redate(): void {
    this.#redate().catch((error) =>
      this.#parts.log.error({ err: error }, 'dates in the future could not be corrected'),
    );
  }

  async #newRecords(): Promise<void> {
    const { position, loops, visible, children, roster, reporter, feedChanged, purgesCame } = this.#parts;
    const { readers, isDrained, name } = this.#parts;
    // A new revision is shown and reported later, when its site's loop has fetched it.
    const isBusy = await loops.wake();
    feedChanged.wake();
    await position.readMembers();
    roster.set(position.members, name);
    readers.drained(isDrained());
    if (children.setMembers(position.members)) feedChanged.wake();
    await loops.wake();
    // Changes of names and domains, and deletions, take effect immediately.
    await visible.show();
    purgesCame.wake();
    if (!isBusy) reporter.changed();
  }

  async #redate(): Promise<void> {
    const { catalog, time, visible, loops } = this.#parts;
    if (!(await catalog.redate(time.now()))) return;
    await visible.show();
    await loops.wake();
  }
}
