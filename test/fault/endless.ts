import { zstdCompressSync } from 'node:zlib';
import { leafOf } from '../../shared/content/buckets.ts';

const PADDING = [['x-padding', 'y'.repeat(20_000)]];

/** Empty zstd frames. However many arrive, they decode to nothing. */
export const EMPTY_FRAMES = Buffer.concat(
  Array.from({ length: 4000 }, () => zstdCompressSync(Buffer.alloc(0))),
);

/** An endless answer of the requested kind. Its entries belong to the requested leaves. */
export function* endless(path: string, leaves: readonly number[]): Generator<Buffer> {
  if (path.includes('/diff') || path.includes('/entries')) {
    const asked = new Set(leaves);
    for (let i = 0; ; ) {
      const lines: string[] = [];
      while (lines.length < 20) {
        const name = `forged/${i++}`;
        if (asked.size === 0 || asked.has(leafOf(name)))
          lines.push(JSON.stringify(['+', name, 'ab'.repeat(32), 1, null, 'text/plain', PADDING, 1]));
      }
      yield Buffer.from(`${lines.join('\n')}\n`);
    }
  }
  const noise = Buffer.alloc(64 * 1024, 7);
  while (true) yield noise;
}
