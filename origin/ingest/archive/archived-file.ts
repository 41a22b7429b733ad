/** A file in an archive. Its content must be read, or its iterator closed, before the next file is asked for. */
export interface ArchivedFile {
  /** As it is written in the archive. It may be any text. */
  readonly name: string;
  /** In bytes. The content has exactly this length, or its reading fails. */
  readonly size: number;
  readonly content: AsyncIterable<Uint8Array>;
}
