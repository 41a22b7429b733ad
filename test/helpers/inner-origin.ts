import type { DatabaseSync } from 'node:sqlite';
import { Readable } from 'node:stream';
import pino from 'pino';
import { tokenSecretsOf } from '../../origin/access/token-secrets.ts';
import { createToken } from '../../origin/access/tokens.ts';
import { wakingAfterAppends } from '../../origin/catalog/append-wakes.ts';
import type { Catalog } from '../../origin/catalog/catalog.ts';
import type { Reveal } from '../../origin/catalog/publish-calls.ts';
import { signerWith } from '../../origin/catalog/record-signer.ts';
import { sqliteCalls } from '../../origin/catalog/sqlite/calls.ts';
import { migrations } from '../../origin/catalog/sqlite/schema.ts';
import type { ShareRow, TaskRow } from '../../origin/catalog/task-calls.ts';
import { Divergence } from '../../origin/fleet/divergence.ts';
import { originFeed } from '../../origin/fleet/feed.ts';
import type { Fleet } from '../../origin/fleet/fleet.ts';
import { InProcessFleet } from '../../origin/fleet/in-process-fleet.ts';
import { ObjectIntake } from '../../origin/ingest/object-intake.ts';
import { UploadsAhead } from '../../origin/ingest/uploads-ahead.ts';
import { Committer } from '../../origin/publish/commit.ts';
import { Rollouts } from '../../origin/publish/rollouts.ts';
import { RuleCheck } from '../../origin/publish/rule-check.ts';
import { Stager } from '../../origin/publish/stager.ts';
import { Retention } from '../../origin/retention/retention.ts';
import { TaskBoard, type TaskDesk } from '../../origin/tasks/task-board.ts';
import type { Clock } from '../../shared/clock.ts';
import { InProcessGate } from '../../shared/concurrency/gate.ts';
import { KeyedLock } from '../../shared/concurrency/keyed-lock.ts';
import { Wakeup } from '../../shared/concurrency/wakeup.ts';
import type { ContentPath } from '../../shared/content/content-path.ts';
import type { Change } from '../../shared/content/diff.ts';
import type { Entry } from '../../shared/content/entry.ts';
import type { Encodings } from '../../shared/delta/encodings.ts';
import type { FeedSource } from '../../shared/feed/feed-source.ts';
import { ReportCalls } from '../../shared/feed/report-calls.ts';
import { certifyKey } from '../../shared/log/certificate.ts';
import { ReportChecks } from '../../shared/reports/report-checks.ts';
import {
  fingerprintOf,
  generateSigningKey,
  type KeyFingerprint,
  type SigningKey,
} from '../../shared/signing/keys.ts';
import { READY_POLICIES } from '../../shared/site/ready-rollouts.ts';
import { ruleFaults } from '../../shared/site/rules/rule-faults.ts';
import { openDatabase } from '../../shared/sqlite/open.ts';
import { asRemote } from './in-process.ts';
import { MemoryDisk, openMemoryStore } from './memory-store.ts';
import { checkersOf } from './report-checkers.ts';

/** The log of all these origins. Each has its own keys, so no origin has signed what another has signed. */
export const INNER_LOG = '5'.repeat(32);

type Changes = (time: number) => Promise<readonly Change[]>;

/** An origin without its process: the parts that publish, prune and feed, over a catalog and a store in memory. */
export interface InnerOrigin {
  readonly catalog: Catalog;
  readonly committer: Committer;
  readonly board: TaskBoard;
  readonly fleet: Fleet;
  readonly feed: FeedSource;
  readonly retention: Retention;
  readonly disk: MemoryDisk;
  /** The kinds of acts that were noted. */
  readonly acts: readonly string[];
  /** `mayRead` names the sites whose content the edge may read. All by default. */
  joinToken(edge: string, mayRead?: readonly string[]): Promise<string>;
  /** Stores bytes, and returns the change that puts them at a path. */
  put(site: number, path: string, bytes: Buffer, time: number): Promise<Change>;
  /**
   * Stores a revision of a synchronous publish, which waits for `activate` or `abort` in the catalog. Returns its
   * number.
   */
  propose(site: number, base: number, changes: Changes): Promise<number>;
  /** Stores a revision and begins its rollout. Returns its number. */
  rollOut(site: number, base: number, changes: Changes): Promise<number>;
  readonly rollouts: Rollouts;
  /** Kills the process after so many further calls of its catalog. Each later call fails. */
  killAfter(calls: number): void;
  /** Starts the next process, over the same catalog and disk. The parts are new ones from then on. */
  restart(): Promise<void>;
  close(): void;
}

/** A test that sees what passes between edges and tasks, and which results count. */
export interface TaskWatch {
  desk(board: TaskDesk): TaskDesk;
  counted(task: TaskRow, share: ShareRow): void;
}

export async function openInnerOrigin(
  clock: Clock,
  encodings: Encodings,
  watch?: TaskWatch,
): Promise<InnerOrigin> {
  const key = generateSigningKey();
  const recoveryKey = generateSigningKey();
  const database = openDatabase(':memory:', migrations);
  const disk = new MemoryDisk();
  const acts: string[] = [];
  await asRemote(sqliteCalls(database, signerWith(key))).found(
    INNER_LOG,
    certifyKey(INNER_LOG, 1, key.publicKey, recoveryKey),
    clock.now(),
  );
  const recovery = fingerprintOf(recoveryKey.publicKey);
  const begin = () => beginLife({ key, recovery, database, disk, clock, encodings, watch, acts });
  let life = await begin();
  return {
    ...{ disk, acts },
    get catalog() {
      return life.catalog;
    },
    get committer() {
      return life.committer;
    },
    get board() {
      return life.board;
    },
    get fleet() {
      return life.fleet;
    },
    get feed() {
      return life.feed;
    },
    get retention() {
      return life.retention;
    },
    get rollouts() {
      return life.rollouts;
    },
    joinToken: (...args) => life.joinToken(...args),
    put: (...args) => life.put(...args),
    propose: (...args) => life.propose(...args),
    rollOut: (...args) => life.rollOut(...args),
    killAfter: (calls) => life.killAfter(calls),
    async restart() {
      life.end();
      life = await begin();
    },
    close() {
      life.end();
      database.close();
    },
  };
}

/** What outlives a process of the origin, and what it is started with. */
interface LifeParts {
  readonly key: SigningKey;
  readonly recovery: KeyFingerprint;
  readonly database: DatabaseSync;
  readonly disk: MemoryDisk;
  readonly clock: Clock;
  readonly encodings: Encodings;
  readonly watch: TaskWatch | undefined;
  readonly acts: string[];
}

/** One run of the origin's process. Everything that it knows besides its parts is gone when it ends. */
async function beginLife({ key, recovery, database, disk, clock, encodings, watch, acts }: LifeParts) {
  let callsLeft = Number.POSITIVE_INFINITY;
  const appended = new Wakeup();
  const catalog = wakingAfterAppends(
    asRemote(sqliteCalls(database, signerWith(key)), () => {
      if (callsLeft-- <= 0) throw new Error('the process of the origin is gone');
    }),
    appended,
  );
  const log = INNER_LOG;
  const identity = await catalog.identity();
  if (identity === undefined) throw new Error('the log was not founded');
  const store = openMemoryStore(disk);
  const stopping = new AbortController();
  const gate = new InProcessGate();
  const checks = new ReportChecks(checkersOf(log), 'reportWithStatements', clock);
  const divergence = new Divergence({ catalog, log, epoch: 1, publicKey: key.publicKey, isAccepted: false });
  const calls = new ReportCalls();
  const board = await TaskBoard.open({
    ...{ catalog, clock, log: pino({ enabled: false }), note: () => {} },
    counted: (task, share) => watch?.counted(task, share),
    edges: () => fleet.taskEdges(),
    call(edges) {
      calls.call(edges);
      appended.wake();
    },
  });
  const fleet = await InProcessFleet.open({
    ...{ catalog, clock, identity, key, checks, divergence, tasks: watch?.desk(board) ?? board },
  });
  const sites = new KeyedLock<number>();
  const committer = new Committer(
    { catalog, clock, edges: fleet, sites, stopping: stopping.signal },
    new RuleCheck(store, async (path, content) => ruleFaults(path, content)),
  );
  const uploadsAhead = new UploadsAhead({ catalog, identity, key, appended });
  const intake = new ObjectIntake(store, catalog, clock, gate, uploadsAhead.note);
  void board.run(stopping.signal);
  const stager = new Stager(catalog, clock);

  async function reveal(
    site: number,
    base: number,
    changes: Changes,
    how: Pick<Reveal, 'mode' | 'rollout'>,
  ): Promise<number> {
    const overlay = async (revision: number, time: number) =>
      catalog.stage(site, revision, await changes(time));
    const staged = await stager.stage({ site, base, overlay }, stopping.signal);
    const revealed = { site, base, message: '', restores: null, activate: null, deploy: null };
    await catalog.reveal({ ...staged, ...revealed, ...how });
    return staged.revision;
  }

  return {
    catalog,
    committer,
    board,
    fleet,
    feed: originFeed({
      ...{ catalog, manifests: catalog, objects: store, encodings, fleet, appended, calls },
      ...{ clock, identity, ahead: uploadsAhead.ahead },
      noteAct: (act) => void acts.push(act),
      signingKey: key,
    }),
    retention: new Retention({
      ...{ catalog, store, clock, gate, runs: new KeyedLock<'prune'>() },
      stopping: stopping.signal,
    }),
    async joinToken(edge: string, mayRead?: readonly string[]) {
      const issuer = { recovery, secretOf: tokenSecretsOf(Buffer.alloc(32)) };
      const request = { scope: 'join', edge, ...(mayRead && { mayRead: [...mayRead] }) };
      return (await createToken(catalog, clock, request, issuer)).token;
    },
    async put(site: number, path: string, bytes: Buffer, time: number): Promise<Change> {
      const { digest, size, chunks } = await intake.take(site, Readable.from([bytes], { objectMode: false }));
      const entry: Entry = {
        path: path as ContentPath,
        digest,
        size,
        chunks,
        type: 'text/plain',
        meta: [],
        time,
      };
      return { kind: 'put', entry };
    },
    propose: (site: number, base: number, changes: Changes) => reveal(site, base, changes, { mode: 'sync' }),
    rollOut: (site: number, base: number, changes: Changes) =>
      reveal(site, base, changes, { mode: 'async', rollout: READY_POLICIES.canary }),
    rollouts: new Rollouts({ catalog, clock, sites, committer }),
    killAfter(calls: number) {
      callsLeft = calls;
    },
    end() {
      callsLeft = 0;
      stopping.abort();
      appended.wake();
    },
  };
}
