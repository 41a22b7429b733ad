import type { ContentPath } from '../../shared/content/content-path.ts';
import { refusedPath } from '../../shared/content/content-path.ts';
import { isPrivateName } from '../../shared/content/private-name.ts';
import { SkerryError } from '../../shared/errors.ts';
import { FORMAT_FILE } from '../../shared/files/format-file.ts';
import { publishedPath } from './published-path.ts';

const SHOWN = 200;

/** Finds the published paths of the files in one archive. */
export class ArchivePaths {
  readonly #strip: boolean;
  /** The leading folder of the first file, when it is stripped. */
  #leading: string | undefined;

  /** `strip` leaves out the leading folder, which must be the same for all files. */
  constructor(strip: boolean) {
    this.#strip = strip;
  }

  /** Throws `bad-path`, and `bad-archive` for a file that is never published. */
  of(name: string): ContentPath {
    // `tar -C site .` names files `./a`.
    const given = name.replace(/^(\.\/+)+/, '');
    // The libraries put this character in the place of bytes that they cannot decode.
    if (given.includes('\uFFFD')) throw refusedPath(given, 'is not UTF-8');
    const path = publishedPath(this.#strip ? this.#stripped(given) : given);
    const segments = path.split('/');
    if (segments.some(isPrivateName) || segments.at(-1) === FORMAT_FILE)
      throw new SkerryError(
        'bad-archive',
        `${shown(path)} is never published: leave out folders of Git and data folders of Skerry`,
      );
    return path;
  }

  #stripped(name: string): string {
    const slash = name.indexOf('/');
    const folder = name.slice(0, Math.max(0, slash));
    if (folder === '')
      throw new SkerryError('bad-archive', `${shown(name)} has no leading folder that could be stripped`);
    this.#leading ??= folder;
    if (folder !== this.#leading)
      throw new SkerryError(
        'bad-archive',
        `${shown(name)} is not in ${shown(this.#leading)}: only one leading folder can be stripped`,
      );
    return name.slice(slash + 1);
  }
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, SHOWN));
}
