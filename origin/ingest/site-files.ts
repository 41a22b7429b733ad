import type { Readable } from 'node:stream';
import type { ContentPath } from '../../shared/content/content-path.ts';
import type { Digest } from '../../shared/content/digest.ts';
import type { Entry } from '../../shared/content/entry.ts';
import type { ManifestReader } from '../../shared/content/manifest/reading.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { Remote } from '../../shared/process/thread.ts';
import { checkFileQuota } from '../../shared/site/quota.ts';
import type { Mode } from '../../shared/site/site-policy.ts';
import type { ByteSpan } from '../../shared/store/byte-span.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import type { Commit } from '../../shared/wire/api.ts';
import type { NoteAct } from '../callers/acts.ts';
import { committed } from '../callers/committed.ts';
import { type FileDetails, NO_DETAILS } from '../catalog/file-change.ts';
import type { StoredObject } from '../catalog/object-calls.ts';
import type { RevisionReads } from '../catalog/revision-calls.ts';
import type { SiteReads, SiteRow } from '../catalog/site-calls.ts';
import type { RuleCheck } from '../publish/rule-check.ts';
import type { FileChanges } from './file-changes.ts';
import type { ObjectIntake } from './object-intake.ts';
import { checkPutQuota } from './put-quota.ts';

interface SiteFilesParts {
  readonly catalog: Pick<Remote<SiteReads>, 'siteNamed'> &
    Pick<Remote<ManifestReader>, 'entryAt'> &
    Pick<Remote<RevisionReads>, 'revision'>;
  readonly store: Pick<ObjectStore, 'open'>;
  readonly intake: Pick<ObjectIntake, 'take'>;
  readonly rules: Pick<RuleCheck, 'check'>;
  readonly changes: Pick<FileChanges, 'add'>;
  readonly noteAct: NoteAct;
}

interface Put {
  readonly mode?: Mode | undefined;
  /** The digest that the bytes must have. */
  readonly expected?: Digest;
  /** The announced size of the body. */
  readonly size?: number | undefined;
  /** Without details, the file's name decides its type, and nothing is stored besides. */
  readonly details?: FileDetails;
}

/** A file of the live revision. Its bytes are read only when `open` is called. */
interface SiteFile {
  readonly entry: Entry;
  /** Throws `no-such-object` when the object has been deleted. */
  open(span?: ByteSpan): Promise<Readable>;
}

/**
 * Puts, gets and deletes single files of a site by path. An API calls it after it has checked the rights of the caller.
 * All methods throw `no-such-site`.
 *
 * A change builds on the tip, which is the newest revision that was not aborted. So `delete` looks for the file in the
 * tip: it finds a file that a revision has put while the revision still waits for its window, and does not find one
 * that such a revision has deleted. `get` reads the live revision, as readers do. In the modes `async` and `sync` the
 * live revision is the tip when a change is answered. In `batch`, `get` finds a new file after its window has opened.
 */
export class SiteFiles {
  readonly #parts: SiteFilesParts;

  constructor(parts: SiteFilesParts) {
    this.#parts = parts;
  }

  /** Throws `digest-mismatch`, `bad-rules` and the errors of a commit. */
  async put(
    name: string,
    path: ContentPath,
    body: Readable,
    { mode, expected, size, details = NO_DETAILS }: Put = {},
  ): Promise<{ readonly object: StoredObject; readonly commit: Commit }> {
    const { catalog, intake, rules, changes } = this.#parts;
    const site = await catalog.siteNamed(name);
    if (size !== undefined) checkFileQuota(site.name, site.policy.quota, size);
    const object = await intake.take(site.id, body, expected);
    await checkPutQuota(catalog, site, path, object.size);
    // The commit checks again. Bad rules are refused here first, so that the other changes of the same commit do not
    // fail.
    await rules.check(site.id, { path, ...object });
    const commit = await changes.add(site.id, { kind: 'put', path, object, details }, mode);
    this.#note('file-put', site, path, commit);
    return { object, commit };
  }

  /** Throws `no-such-file` and the errors of a commit. */
  async delete(name: string, path: ContentPath, mode?: Mode): Promise<Commit> {
    const { catalog, changes } = this.#parts;
    const site = await catalog.siteNamed(name);
    await this.#entryAt(site, site.tip, path);
    const commit = await changes.add(site.id, { kind: 'delete', path }, mode);
    this.#note('file-delete', site, path, commit);
    return commit;
  }

  /** Finds the file without reading its bytes. Throws `no-such-file`. */
  async get(name: string, path: ContentPath): Promise<SiteFile> {
    const { catalog, store } = this.#parts;
    const site = await catalog.siteNamed(name);
    const entry = await this.#entryAt(site, site.revision, path);
    return {
      entry,
      async open(span) {
        const bytes = await store.open(entry.digest, span);
        if (bytes !== undefined) return bytes;
        throw new SkerryError('no-such-object', `the object ${entry.digest} is not stored`);
      },
    };
  }

  async #entryAt(site: SiteRow, revision: number, path: ContentPath): Promise<Entry> {
    const entry = await this.#parts.catalog.entryAt(site.id, revision, path);
    if (entry === undefined) throw new SkerryError('no-such-file', `${site.name} has no file ${path}`);
    return entry;
  }

  #note(act: Parameters<NoteAct>[0], site: SiteRow, path: ContentPath, commit: Commit): void {
    this.#parts.noteAct(act, { site: site.name, path, ...committed(commit) });
  }
}
