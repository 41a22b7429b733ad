/**
 * Returns the first items that together fit into `bytes` of JSON text, but no more than `most` items. Leaves out an
 * item that does not fit.
 */
export function fitting<T>(items: readonly T[], bytes: number, most = Number.POSITIVE_INFINITY): T[] {
  const taken: T[] = [];
  let left = bytes;
  for (const item of items) {
    if (taken.length >= most) break;
    const size = Buffer.byteLength(JSON.stringify(item)) + 1;
    if (size > left) continue;
    left -= size;
    taken.push(item);
  }
  return taken;
}
