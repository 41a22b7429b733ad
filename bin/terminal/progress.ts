import { Presets, SingleBar } from 'cli-progress';
import type { PublishProgress } from '../../origin/client/folder/publish-folder.ts';
import { humanBytes, printError } from './output.ts';

export interface ProgressBar {
  update(progress: PublishProgress): void;
  /** Prints a permanent line on stderr, also in a pipe. */
  say(text: string): void;
  stop(): void;
}

/** Shows a bar on stderr while a person watches, and none in a pipe. */
export function progressBar(): ProgressBar {
  if (!process.stderr.isTTY) return { update: () => {}, say: printError, stop: () => {} };
  const bar = new SingleBar(
    { format: '{bar} {percentage}% {what}', hideCursor: true, clearOnComplete: true, stopOnComplete: false },
    Presets.shades_classic,
  );
  bar.start(1, 0, { what: 'reading the folder' });
  return {
    say(text) {
      bar.stop();
      printError(text);
      bar.start(1, 0, { what: 'waiting for the origin' });
    },
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
