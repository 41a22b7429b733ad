/** So many bytes of a connection are read at a time. They may be a hundred requests. */
const PIECE_BYTES = 4096;

/** The bytes of a connection that wait for its turn. */
export class Unread {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** Undefined if nothing waits. */
  next(): Buffer | undefined {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return undefined;
    const piece = chunk.subarray(0, PIECE_BYTES);
    if (piece.length < chunk.length) this.#chunks.unshift(chunk.subarray(piece.length));
    this.#bytes -= piece.length;
    return piece;
  }

  static isPiece({ length }: Buffer): boolean {
    return length <= PIECE_BYTES;
  }
}
