import type { WholeTask } from '../../origin/client/tasks-client.ts';
import { LiveRows } from '../terminal/live-rows.ts';
import { printError } from '../terminal/output.ts';
import { shareText } from './share-text.ts';
import { hasEnded, nameOf, progressRows } from './task-progress.ts';

/** Shows the progress of a task on stderr. */
export interface TaskView {
  show(task: WholeTask): void;
  /** Removes the rows that should not stay on the screen. */
  end(): void;
}

/**
 * On a terminal, shows rows that change. In a pipe, prints a line for each edge when it ends, or nothing if `isQuiet`.
 */
export function taskView({ isQuiet = false }: { readonly isQuiet?: boolean } = {}): TaskView {
  if (process.stderr.isTTY) return terminalView();
  return isQuiet ? { show: () => {}, end: () => {} } : lineView(printError);
}

function terminalView(): TaskView {
  const rows = new LiveRows();
  return {
    show: (task) => rows.show(progressRows(task, rows.room)),
    end: () => rows.clear(),
  };
}

/** Prints a line for each share that has ended since the last call. */
export function lineView(print: (line: string) => void): TaskView {
  const told = new Set<number>();
  return {
    show({ kind, shares }) {
      for (const share of shares) {
        if (!hasEnded(share) || told.has(share.share)) continue;
        told.add(share.share);
        const text = shareText(kind, share);
        print(`${nameOf(share)}: ${share.state}${text === '' ? '' : `: ${text}`}`);
      }
    },
    end: () => {},
  };
}
