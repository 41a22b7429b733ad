import { Presets, SingleBar } from 'cli-progress';
import type { PublishProgress } from '../../origin/client/folder/publish-folder.ts';
import { type Clock, systemClock } from '../../shared/clock.ts';
import { humanBytes, humanSeconds, printError } from './output.ts';
import { TransferRate } from './transfer-rate.ts';

export interface ProgressBar {
  update(progress: PublishProgress): void;
  /** Prints a permanent line on stderr, also in a pipe. */
  say(text: string): void;
  stop(): void;
}

interface Terminal {
  readonly stream: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** Shows a bar on stderr while a person watches, and none in a pipe. */
export function progressBar(
  { stream, clock }: Terminal = { stream: process.stderr, clock: systemClock },
): ProgressBar {
  if (!stream.isTTY) return { update: () => {}, say: printError, stop: () => {} };
  const bar = new SingleBar(
    {
      format: '{bar} {percentage}% {what}',
      ...{ stream, hideCursor: true, clearOnComplete: true, stopOnComplete: false },
    },
    Presets.shades_classic,
  );
  const rate = new TransferRate(clock);
  bar.start(1, 0, { what: 'reading the folder' });
  return {
    say(text) {
      bar.stop();
      printError(text);
      bar.start(1, 0, { what: 'waiting for the origin' });
    },
    update({ hashed, files, sentBytes, bytesToSend }) {
      const isSending = bytesToSend > 0;
      if (isSending) rate.note(sentBytes);
      bar.setTotal(isSending ? bytesToSend : Math.max(1, files));
      const what = isSending
        ? sendingText(sentBytes, bytesToSend, rate.bytesPerSecond)
        : `hashing ${hashed} of ${files} files`;
      bar.update(isSending ? sentBytes : hashed, { what });
    },
    stop: () => bar.stop(),
  };
}

/** The rate is undefined at the beginning, and 0 while nothing gets through. */
export function sendingText(sent: number, all: number, rate: number | undefined): string {
  const sending = `sending ${humanBytes(sent)} of ${humanBytes(all)}`;
  if (rate === undefined || sent >= all) return sending;
  const left = rate > 0 ? `, ${humanSeconds((all - sent) / rate)} left` : '';
  return `${sending}, ${humanBytes(rate)}/s${left}`;
}
