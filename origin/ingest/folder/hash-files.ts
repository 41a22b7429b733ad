import type { Digest } from '../../../shared/digest.ts';
import { SkerryError, systemCode } from '../../../shared/errors.ts';
import type { SurveyThreads } from '../../../shared/hashing/survey-threads.ts';
import type { FoundFile } from './scan.ts';

const AT_ONCE = 32;

export interface HashedFile extends FoundFile {
  readonly digest: Digest;
}

/** Hashes in threads, keeping the order. A file that grew or shrank since it was found has its new size. */
export async function hashFiles(
  files: readonly FoundFile[],
  surveys: SurveyThreads,
  hashed: () => void,
  signal: AbortSignal,
): Promise<HashedFile[]> {
  const results: HashedFile[] = new Array(files.length);
  const queue = files.entries();
  const work = async () => {
    for (const [i, found] of queue) {
      signal.throwIfAborted();
      results[i] = await hashFile(found, surveys);
      hashed();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}

async function hashFile(found: FoundFile, surveys: SurveyThreads): Promise<HashedFile> {
  try {
    return { ...found, ...(await surveys.remote.digest(found.file)) };
  } catch (cause) {
    const reason = cause instanceof SkerryError ? cause.message : systemCode(cause);
    throw new SkerryError('unreadable-file', `${found.path} cannot be read: ${reason}`, { cause });
  }
}
