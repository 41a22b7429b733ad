import { clearScreenDown, moveCursor } from 'node:readline';
import { shown } from './output.ts';

/** Rows on a terminal's stderr. Each call of `show` replaces them. */
export class LiveRows {
  #shown: readonly string[] = [];

  /** How many rows the terminal has room for. */
  get room(): number {
    return Math.max(1, (process.stderr.rows ?? 24) - 1);
  }

  show(rows: readonly string[]): void {
    // A row that is wider than the terminal would take two lines, and the next call would erase only one of them.
    const width = Math.max(1, (process.stderr.columns ?? 80) - 1);
    const fitting = rows.slice(0, this.room).map((row) => shown(row).slice(0, width));
    if (fitting.join('\n') === this.#shown.join('\n')) return;
    this.clear();
    process.stderr.write(fitting.map((row) => `${row}\n`).join(''));
    this.#shown = fitting;
  }

  clear(): void {
    if (this.#shown.length === 0) return;
    moveCursor(process.stderr, 0, -this.#shown.length);
    clearScreenDown(process.stderr);
    this.#shown = [];
  }
}
