const MOST_LINES = 200;
const MOST_CHARACTERS = 2000;

/** The newest lines of a log. Older lines and the ends of long ones are dropped, so they take little memory. */
export class NewestLines {
  #lines: string[] = [];

  add(line: string): void {
    this.#lines.push(line.trimEnd().slice(0, MOST_CHARACTERS));
    if (this.#lines.length > MOST_LINES) this.#lines.shift();
  }

  /** Oldest first. */
  list(): readonly string[] {
    return this.#lines;
  }
}
