/** A stream of the pieces, and of nothing after them. */
export async function* streamOf<T>(pieces: Iterable<T>): AsyncGenerator<T> {
  for (const piece of pieces) yield piece;
}

/** The bytes in pieces of at most `size`. */
export function slices(bytes: Uint8Array, size: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}

export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}
