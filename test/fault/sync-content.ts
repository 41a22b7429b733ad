import { type Digest, digestOf } from '../../shared/content/digest.ts';

/** The published content. Every line of a body names the publish that it belongs to. */

export const PATHS = ['index.html', 'page.txt', 'big.bin'] as const;
export type Path = (typeof PATHS)[number];

/** `big.bin` is streamed from a file, in verified chunks. */
const SIZES: Readonly<Record<Path, number>> = { 'index.html': 60, 'page.txt': 6000, 'big.bin': 1_100_000 };

export interface File {
  readonly path: Path;
  readonly body: Buffer;
  readonly digest: Digest;
}

export class Contents {
  readonly #digests = new Map<string, string>();

  /** The tree of a publish. From here on, its answers are known. */
  tree(marker: string, paths: readonly Path[]): File[] {
    return paths.map((path) => {
      const line = `${marker} ${path}\n`;
      const body = Buffer.from(line.repeat(Math.ceil(SIZES[path] / line.length)));
      const digest = digestOf(body);
      this.#digests.set(`${marker} ${path}`, digest);
      return { path, body, digest };
    });
  }

  /** A single file that is published alone. */
  note(marker: string, path: Path): File {
    const body = Buffer.from(`${marker} ${path}\n`);
    const digest = digestOf(body);
    this.#digests.set(`${marker} ${path}`, digest);
    return { path, body, digest };
  }

  /** Whether bytes with that digest are the whole file of that publish. */
  isWhole(marker: string, path: string, digest: string): boolean {
    return this.#digests.get(`${marker} ${path}`) === digest;
  }
}

/** The publish that a body names in its first line. */
export function markerOf(body: Buffer): string {
  return body.subarray(0, 80).toString('latin1').split(/[ \n]/, 1)[0] ?? '';
}
