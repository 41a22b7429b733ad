/** What the receipts of a file are about. Without a record, they answer the one that made the revision live. */
export type ReceiptSubject =
  | { readonly revision: number; readonly record?: number | undefined }
  | { readonly purge: number };

/** Where the API exports them. */
export function receiptFilePath(site: string, subject: ReceiptSubject): string {
  if ('purge' in subject) return `/v1/sites/${site}/purges/${subject.purge}/receipts`;
  const { revision, record } = subject;
  return `/v1/sites/${site}/revisions/${revision}/receipts${record === undefined ? '' : `?record=${record}`}`;
}
