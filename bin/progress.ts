import { Presets, SingleBar } from 'cli-progress';
import type { PublishProgress } from '../origin/ingest/folder/publish-folder.ts';
import { humanBytes } from './output.ts';

/** A bar on stderr while a person watches; silent in a pipe. */
export function progressBar(): { update(progress: PublishProgress): void; stop(): void } {
  if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} };
  const bar = new SingleBar(
    { format: '{bar} {percentage}% {what}', hideCursor: true, clearOnComplete: true, stopOnComplete: false },
    Presets.shades_classic,
  );
  bar.start(1, 0, { what: 'reading the folder' });
  return {
    update({ hashed, files, sentBytes, bytesToSend }) {
      const isSending = bytesToSend > 0;
      bar.setTotal(isSending ? bytesToSend : Math.max(1, files));
      const what = isSending
        ? `sending ${humanBytes(sentBytes)} of ${humanBytes(bytesToSend)}`
        : `hashing ${hashed} of ${files} files`;
      bar.update(isSending ? sentBytes : hashed, { what });
    },
    stop: () => bar.stop(),
  };
}
