import type { Readable } from 'node:stream';
import type { Clock } from '../../shared/clock.ts';
import type { Gate } from '../../shared/concurrency/gate.ts';
import { type Digest, toDigest } from '../../shared/content/digest.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { AdmittedUpload, FeedUploads } from '../../shared/feed/feed-source.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import type { Assignment } from '../../shared/work/assignment.ts';
import { attemptKey, parseAssignments } from '../../shared/work/assignment.ts';
import { type UploadArguments, uploadObjectsKind } from '../../shared/work/upload-objects.ts';
import type { DamageCalls } from '../catalog/damage-calls.ts';
import type { TaskDesk } from '../tasks/task-board.ts';
import { discard, type Received, receive, receivedDigest } from './receive.ts';

/** The number of tries that an edge has for an object at each attempt of a task, because a connection may break. */
const MOST_TRIES = 3;
/** An upload holds an open file and memory, so its time is limited. */
const GRACE_MS = 60_000;
const LEAST_BYTES_PER_MS = 64;

export interface RepairUploadsParts {
  readonly tasks: Pick<TaskDesk, 'assignments'>;
  readonly catalog: Pick<Remote<DamageCalls>, 'damagedAmong' | 'noteSound'>;
  readonly store: ObjectStore;
  /** Blocks the sweep until the catalog has recorded that a stored object is intact. */
  readonly gate: Gate;
  readonly clock: Clock;
}

/** The objects that one list of assignments asks an edge for. */
interface Asked {
  readonly list: Digest;
  readonly objects: ReadonlyMap<Digest, AskedObject>;
}

interface AskedObject {
  /** The attempt at the task that asks for the object. */
  readonly attempt: string;
  triesLeft: number;
}

/**
 * Takes in the objects that the origin has asked edges for. An edge may send only objects that its present assignments
 * name and the catalog knows as damaged, and each object is uploaded once at a time. So an edge can neither fill the
 * disk nor store bytes that the origin did not ask for.
 */
export class RepairUploads implements FeedUploads {
  readonly #parts: RepairUploadsParts;
  readonly #asked = new Map<string, Asked>();
  /** The objects that are being uploaded. */
  readonly #open = new Set<Digest>();

  constructor(parts: RepairUploadsParts) {
    this.#parts = parts;
  }

  async admit(member: string, digest: Digest, length: number): Promise<AdmittedUpload> {
    const asked = this.#askedOf(member).get(digest);
    if (asked === undefined || asked.triesLeft === 0)
      throw new SkerryError('forbidden', `${member} was not asked for the object ${digest}`);
    const [damaged] = await this.#parts.catalog.damagedAmong([digest]);
    if (damaged === undefined) throw new SkerryError('forbidden', `the object ${digest} is no longer needed`);
    if (!(length <= damaged.size))
      throw new SkerryError('bad-request', `the object ${digest} has at most ${damaged.size} bytes`);
    if (this.#open.has(digest))
      throw new SkerryError('too-many-requests', `the object ${digest} is being uploaded already`);
    this.#open.add(digest);
    asked.triesLeft--;
    let taking: Promise<unknown> = Promise.resolve();
    return {
      take: (body) => {
        const taken = this.#take(digest, damaged.size, body);
        taking = taken.catch(() => {});
        return taken;
      },
      end: () => void taking.then(() => this.#open.delete(digest)),
    };
  }

  async #take(digest: Digest, most: number, body: Readable): Promise<void> {
    const { store, gate, catalog } = this.#parts;
    const received = await receive(timely(body, most, this.#parts.clock), store);
    try {
      const actual = receivedDigest(received);
      if (actual !== digest)
        throw new SkerryError('digest-mismatch', `the bytes have the digest ${actual}, not ${digest}`);
      await gate.shared(async () => {
        // The object may have been deleted in the meantime, or uploaded by a publisher.
        if ((await catalog.damagedAmong([digest])).length === 0) return discard(received);
        await keep(received, store);
        await catalog.noteSound([digest]);
      });
    } catch (error) {
      await discard(received).catch(() => {});
      throw error;
    }
  }

  #askedOf(member: string): ReadonlyMap<Digest, AskedObject> {
    const list = this.#parts.tasks.assignments(member);
    if (list === null) {
      this.#asked.delete(member);
      return new Map();
    }
    const known = this.#asked.get(member);
    if (known?.list === list.digest) return known.objects;
    const asked = { list: list.digest, objects: objectsOf(parseAssignments(list.text), known?.objects) };
    this.#asked.set(member, asked);
    return asked.objects;
  }
}

/** The list also changes when another task begins or ends. Only a new attempt gives an edge further tries. */
function objectsOf(
  assignments: readonly Assignment[],
  known: ReadonlyMap<Digest, AskedObject> | undefined,
): Map<Digest, AskedObject> {
  const objects = new Map<Digest, AskedObject>();
  for (const assignment of assignments.filter(({ kind }) => kind === uploadObjectsKind.kind)) {
    const attempt = attemptKey(assignment);
    for (const { digest: text } of (assignment.args as UploadArguments).objects) {
      const digest = toDigest(text);
      const before = known?.get(digest);
      objects.set(digest, before?.attempt === attempt ? before : { attempt, triesLeft: MOST_TRIES });
    }
  }
  return objects;
}

async function keep(received: Received, store: ObjectStore): Promise<void> {
  if (received.kind === 'large') return received.draft.keep(received.hashed.digest);
  await store.putSmall([{ digest: received.digest, bytes: received.bytes }]);
}

/** Passes on at most `most` bytes, and fails when they arrive too slowly. */
async function* timely(body: Readable, most: number, clock: Clock): AsyncGenerator<Buffer> {
  const began = clock.monotonic();
  let came = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    came += piece.length;
    if (came > most) throw new SkerryError('too-large', `the object has at most ${most} bytes`);
    if (clock.monotonic() - began > GRACE_MS + came / LEAST_BYTES_PER_MS)
      throw new SkerryError('too-slow', 'the object came too slowly');
    yield piece;
  }
}
