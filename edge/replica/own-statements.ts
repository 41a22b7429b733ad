import { signPurgeReceipt } from '../../shared/log/purge-receipt.ts';
import { signReceipt } from '../../shared/log/receipt.ts';
import { signTaskResult } from '../../shared/log/task-result.ts';
import type { SigningKey } from '../../shared/signing/keys.ts';
import type { Attempt } from '../../shared/work/assignment.ts';
import type { LogPosition } from '../follow/log/log-position.ts';
import type { LogTime } from '../follow/log/log-time.ts';
import type { Shown } from '../follow/sync/rollout-plan.ts';
import type { EdgeCatalog, EdgeSite } from '../store/catalog.ts';
import { coverText } from '../store/cover.ts';
import type { CarriedOut } from '../work/purge/apply-purges.ts';
import type { AttemptEnd } from '../work/tasks/task-runner.ts';

interface OwnStatementsParts {
  readonly name: string;
  readonly key: SigningKey;
  readonly catalog: Pick<EdgeCatalog, 'lastReceipt' | 'addReceipt' | 'purgesDone' | 'addTaskResult'>;
  readonly position: Pick<LogPosition, 'chain'>;
  readonly time: Pick<LogTime, 'now'>;
}

/** Signs the statements of this edge, and keeps them until the origin has them. */
export class OwnStatements {
  readonly #parts: OwnStatementsParts;

  constructor(parts: OwnStatementsParts) {
    this.#parts = parts;
  }

  /**
   * Signs that the site's shown revision is visible, unless a receipt with the same cover for the same record was signed
   * before.
   */
  async visible({ id }: EdgeSite, { revision, root, seq, covers }: Shown): Promise<void> {
    const { name, key, catalog, position, time } = this.#parts;
    if (root === null) return;
    const text = coverText(covers);
    const last = await catalog.lastReceipt(id, revision);
    if (last?.covers === text && last.seq === seq) return;
    const { log, epoch } = position.chain;
    await catalog.addReceipt(
      signReceipt(
        {
          ...{ log, epoch, edge: name, site: id },
          ...{ revision, root, seq },
          ...{ since: time.now(), covers: text },
        },
        key,
      ),
    );
  }

  /** Signs how an attempt at a task ended. */
  async ended(attempt: Attempt, end: AttemptEnd): Promise<void> {
    const { name, key, catalog, position, time: clock } = this.#parts;
    const { log, epoch } = position.chain;
    const time = clock.now();
    await catalog.addTaskResult(signTaskResult({ log, epoch, edge: name, ...attempt, ...end, time }, key));
  }

  /** Signs that purges of the site are carried out. */
  async purged(site: number, purges: readonly CarriedOut[]): Promise<void> {
    const { name, key, catalog, position, time } = this.#parts;
    const { log, epoch } = position.chain;
    const since = time.now();
    await catalog.purgesDone(
      purges.map(({ seq, matched }) =>
        signPurgeReceipt({ log, epoch, edge: name, site, seq, matched, since }, key),
      ),
    );
  }
}
