import type { Logger } from 'pino';
import type { Wakeup } from '../../shared/concurrency/wakeup.ts';
import type { Visible } from '../activate/visible.ts';
import type { Children } from '../feed/children.ts';
import type { LogPosition } from '../follow/log/log-position.ts';
import type { LogTime } from '../follow/log/log-time.ts';
import type { SiteLoops } from '../follow/sync/site-loops.ts';
import type { Membership } from '../report/membership.ts';
import type { Reporter } from '../report/reporter.ts';
import type { EdgeCatalog } from '../store/catalog.ts';
import type { Readers } from './parts.ts';

export interface LogEffectsParts {
  readonly catalog: Pick<EdgeCatalog, 'redate'>;
  readonly position: LogPosition;
  readonly time: LogTime;
  readonly loops: Pick<SiteLoops, 'wake'>;
  readonly visible: Pick<Visible, 'show'>;
  readonly readers: Pick<Readers, 'time' | 'drained'>;
  readonly isDrained: () => boolean;
  readonly membership: Pick<Membership, 'heard'>;
  readonly children: Pick<Children, 'setMembers'>;
  readonly reporter: Pick<Reporter, 'changed'>;
  /** Wakes when what children can have has changed. */
  readonly feedChanged: Wakeup;
  /** Wakes when purges may have arrived. */
  readonly purgesCame: Wakeup;
  readonly log: Logger;
}

/** Starts what must happen at this edge when the log moves and when its time passes. */
export class LogEffects {
  readonly #parts: LogEffectsParts;

  constructor(parts: LogEffectsParts) {
    this.#parts = parts;
    const { position, time, loops, readers, membership, reporter, feedChanged, log } = parts;
    position.on('head', () => membership.heard());
    position.on('records', () => {
      this.#newRecords().catch((error) => log.error({ err: error }, 'new records could not be applied'));
    });
    position.on('path', () => {
      feedChanged.wake();
      reporter.changed();
    });
    time.onChange(() => {
      readers.time(time.ahead);
      // A site that waits for a time looks at the new time.
      loops.wake().catch((error) => log.error({ err: error }, 'the new time could not be applied'));
    });
  }

  /** Corrects dates that lie in the future because the origin's clock was set back. */
  redate(): void {
    this.#redate().catch((error) =>
      this.#parts.log.error({ err: error }, 'dates in the future could not be corrected'),
    );
  }

  async #newRecords(): Promise<void> {
    const { position, loops, visible, children, reporter, feedChanged, purgesCame } = this.#parts;
    const { readers, isDrained } = this.#parts;
    // A new revision is shown and reported when its site's loop has fetched it.
    const isBusy = await loops.wake();
    feedChanged.wake();
    await position.readMembers();
    readers.drained(isDrained());
    if (children.setMembers(position.members)) feedChanged.wake();
    await loops.wake();
    // Changes of names and domains, and deletions, show at once.
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
