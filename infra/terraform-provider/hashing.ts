import { setImmediate } from 'node:timers/promises';
import { hashCalls } from '../../shared/hashing/hash-calls.ts';
import type { HashThreads } from '../../shared/hashing/hash-threads.ts';

/**
 * Hashes files in this thread, a batch at a time. The provider is one file, so there is no module from which a thread
 * could start. This does no harm, because only Terraform waits.
 */
export const hashing: HashThreads = {
  remote: {
    ruleFaults: async (...given) => hashCalls.ruleFaults(...given),
    async digests(...given) {
      await setImmediate();
      return hashCalls.digests(...given);
    },
    async hashFile(file) {
      await setImmediate();
      return hashCalls.hashFile(file);
    },
  },
  close: async () => {},
  stop: async () => {},
};
