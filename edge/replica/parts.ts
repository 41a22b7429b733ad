import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import type { Digest } from '../../shared/content/digest.ts';
import type { Encodings } from '../../shared/delta/encodings.ts';
import type { NewestLines } from '../../shared/process/newest-lines.ts';
import type { ReportChecks } from '../../shared/reports/report-checks.ts';
import type { SigningKey } from '../../shared/signing/keys.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import type { EdgeLimits } from '../../shared/wire/protocol.ts';
import type { ViewSwitch } from '../activate/visible.ts';
import type { LazyOptions } from '../disk-budget/lazy-storage.ts';
import type { LogTime } from '../follow/log/log-time.ts';
import type { Identity } from '../follow/upstream/identity.ts';
import type { Upstreams } from '../follow/upstream/upstreams.ts';
import type { SampledUse } from '../processes/edge-use.ts';
import type { EdgeCatalog } from '../store/catalog.ts';
import type { TrialSource } from './trials.ts';

/** The part of the edge that serves readers: the serving processes, or a test double. */
export interface Readers extends ViewSwitch {
  lease(until: number): void;
  time(ahead: number): void;
  /** Whether readers should go to other edges. */
  drained(isDrained: boolean): void;
  forget(digests: readonly Digest[] | 'all'): void;
}

/** The parts of a replica. */
export interface ReplicaParts {
  readonly identity: Pick<Identity, 'name' | 'region'>;
  readonly key: SigningKey;
  readonly catalog: EdgeCatalog;
  readonly store: ObjectStore;
  readonly upstreams: Upstreams;
  readonly limits: EdgeLimits;
  readonly readers: Readers;
  /** Undefined for an edge that is not a parent. */
  readonly encodings: Encodings | undefined;
  /** Checks the reports of children. Undefined for an edge that is not a parent. */
  readonly reportChecks?: ReportChecks | undefined;
  /** Undefined for an edge with full storage. */
  readonly lazy: LazyOptions | undefined;
  /** The newest sample of the resources that the edge uses. Undefined before the first sample. */
  readonly use?: () => SampledUse | undefined;
  /** Tells what readers meet. Undefined for an edge that serves none. */
  readonly trials?: TrialSource | undefined;
  readonly clock: Clock;
  readonly time: LogTime;
  readonly log: Logger;
  /** The newest lines of the log, for support. */
  readonly newestLines?: Pick<NewestLines, 'list'>;
}
