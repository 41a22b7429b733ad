import type { FileHandle } from 'node:fs/promises';

const WINDOW = 256 * 1024;
const MOST_WINDOWS = 4;

interface Window {
  readonly start: number;
  readonly bytes: Buffer;
}

/**
 * Reads small pieces of a file through a few windows. A zip is read in four pieces for each file, two from its
 * directory and two from the place of the file, and each system call would cost more than unpacking a small file.
 */
export class FileWindows {
  readonly #file: FileHandle;
  /** The window that was used last comes first. */
  #windows: Window[] = [];

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** The bytes from `start` to `end`, in pieces. They end early where the file ends. */
  async *pieces(start: number, end: number): AsyncGenerator<Buffer> {
    for (let at = start; at < end; ) {
      const window = await this.#windowAt(at);
      const piece = window.bytes.subarray(at - window.start, end - window.start);
      if (piece.length === 0) return;
      yield piece;
      at += piece.length;
    }
  }

  async bytes(start: number, end: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this.pieces(start, end)) pieces.push(piece);
    const [only] = pieces;
    return only !== undefined && pieces.length === 1 ? only : Buffer.concat(pieces);
  }

  async #windowAt(at: number): Promise<Window> {
    const start = at - (at % WINDOW);
    const known = this.#windows.find((window) => window.start === start);
    const window = known ?? { start, bytes: await this.#read(start) };
    this.#windows = [window, ...this.#windows.filter((other) => other !== window)].slice(0, MOST_WINDOWS);
    return window;
  }

  async #read(start: number): Promise<Buffer> {
    const bytes = Buffer.alloc(WINDOW);
    let read = 0;
    for (;;) {
      const { bytesRead } = await this.#file.read(bytes, read, WINDOW - read, start + read);
      if (bytesRead === 0) return bytes.subarray(0, read);
      read += bytesRead;
    }
  }
}
