import { readFileSync } from 'node:fs';

const MOST_BYTES = Number(readFileSync('/tmp/h2/turn', 'utf8')) * 1024;

export class Turns {
  readonly #waiting: (() => void)[] = [];
  #written = 0;

  get isOver(): boolean {
    return this.#written >= MOST_BYTES || this.#waiting.length > 0;
  }

  wrote(bytes: number): void {
    this.#written += bytes;
  }

  ended(): void {
    this.#written = 0;
  }

  wait(next: () => void): void {
    this.#waiting.push(next);
    if (this.#waiting.length === 1) setImmediate(this.#next);
  }

  readonly #next = (): void => {
    this.#written = 0;
    let done = 0;
    while (done < this.#waiting.length && this.#written < MOST_BYTES) this.#waiting[done++]?.();
    this.#waiting.splice(0, done);
    if (this.#waiting.length > 0) setImmediate(this.#next);
  };
}
