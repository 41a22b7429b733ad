import { leafOf, NODE_COUNT, nodeOf } from '../../../shared/content/buckets.ts';
import { contentDigest, contentText } from '../../../shared/content/content-digest.ts';
import { mediaType } from '../../../shared/content/media-type.ts';
import type { ContentDigests } from '../../../shared/wire/api.ts';
import type { HashedFile } from './hash-files.ts';

interface PlacedFile {
  readonly leaf: number;
  readonly type: string;
  readonly file: HashedFile;
}

/** The files of a folder by node, as a publish would store them: with the types of their names, and nothing else. */
export class FolderContent {
  readonly #nodes: PlacedFile[][] = Array.from({ length: NODE_COUNT }, () => []);

  add(files: Iterable<HashedFile>): void {
    for (const file of files) {
      const leaf = leafOf(file.path);
      this.#nodes[nodeOf(leaf)]?.push({ leaf, type: mediaType(file.path), file });
    }
  }

  /** The nodes that differ from a revision. */
  nodesUnlike({ nodes }: ContentDigests): number[] {
    return [...this.#nodes.keys()].filter((node) => this.#digestOf(node) !== nodes[node]);
  }

  filesIn(nodes: readonly number[]): HashedFile[] {
    return nodes.flatMap((node) => (this.#nodes[node] ?? []).map(({ file }) => file));
  }

  #digestOf(node: number): string | null {
    const inOrder = (this.#nodes[node] ?? []).toSorted(
      (a, b) => a.leaf - b.leaf || Buffer.compare(Buffer.from(a.file.path), Buffer.from(b.file.path)),
    );
    return contentDigest(
      inOrder.map(({ type, file: { path, digest } }) => contentText({ path, digest, type, meta: '[]' })),
    );
  }
}
