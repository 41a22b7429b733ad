import type { Digest } from '../../../shared/content/digest.ts';
import type { Row } from '../../../shared/content/manifest/sqlite/rows.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { type PurgeReceipt, purgeReceiptKind } from '../../../shared/log/purge-receipt.ts';
import type { Receipt } from '../../../shared/log/receipt.ts';
import type { LogRecord } from '../../../shared/log/record.ts';
import { isSignedBy } from '../../../shared/log/statement-kind.ts';
import type { AnyReceipt } from '../../../shared/receipts/receipt-file.ts';
import type { RosterMember } from '../../../shared/receipts/roster.ts';
import type { PublicKey } from '../../../shared/signing/keys.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import type { Evidence, EvidenceCalls } from '../evidence-calls.ts';
import type { EdgeRow } from '../fleet-calls.ts';
import type { CatalogContext } from './context.ts';
import { toEdge } from './fleet.ts';

/** A receipt, and the key that signed it. */
interface Signed {
  readonly key: string;
  readonly receipt: AnyReceipt;
}

interface Answered {
  readonly record: LogRecord;
  /** The names of the edges that the record concerns. Null for all. */
  readonly asked?: ReadonlySet<string> | null;
}

export function evidenceCalls({ database, sql }: Pick<CatalogContext, 'database' | 'sql'>): EvidenceCalls {
  function evidence(
    site: number,
    { record, asked = null }: Answered,
    signed: (edges: readonly EdgeRow[]) => Signed[],
  ): Evidence {
    const edges = sql('SELECT * FROM edge ORDER BY name').all().map(toEdge);
    const answers = signed(edges).filter(({ receipt }) => receipt.seq === record.seq);
    const name = String(sql('SELECT name FROM site WHERE id = ?').get(site)?.name);
    const end = sql('SELECT seq, hash FROM record ORDER BY seq DESC LIMIT 1').get();
    const hosts = edges.flatMap((edge) => hostsOf(edge, { name, asked }, answers));
    return {
      record,
      end: { seq: Number(end?.seq), hash: end?.hash as Digest },
      members: hosts.map(({ member }) => member),
      receipts: hosts.flatMap(({ receipt }) => receipt ?? []),
    };
  }

  /** Purge receipts are stored without the key that signed them. */
  function signedPurgeReceipts(edges: readonly EdgeRow[], rows: readonly Row[]): Signed[] {
    const byName = new Map(edges.map((edge) => [edge.name, edge]));
    return rows.flatMap(({ json }) => {
      const receipt = JSON.parse(String(json)) as PurgeReceipt;
      const { publicKey, replaces } = byName.get(receipt.edge) ?? {};
      const key = [publicKey, replaces].find(
        (key) => key != null && isSignedBy(purgeReceiptKind, receipt, key as PublicKey),
      );
      // Of an edge that was replaced twice since, the key is not known any more.
      return key == null ? [] : { key, receipt };
    });
  }

  function answeredRecord(site: number, revision: number, wanted: number | undefined): Answered {
    const row = sql('SELECT activation FROM revision WHERE site = ? AND revision = ?').get(site, revision);
    if (row === undefined) throw new SkerryError('no-such-revision', `there is no revision ${revision}`);
    const activation =
      row.activation === null ? undefined : (JSON.parse(String(row.activation)) as LogRecord);
    if (activation !== undefined && (wanted ?? activation.seq) === activation.seq)
      return { record: activation };
    const showing = sql(
      `SELECT json, edges FROM showing WHERE site = :site AND revision = :revision
         AND (:wanted IS NULL OR seq = :wanted) ORDER BY seq DESC LIMIT 1`,
    ).get({ site, revision, wanted: wanted ?? null });
    if (showing === undefined)
      throw new SkerryError(
        'no-such-revision',
        wanted === undefined
          ? `revision ${revision} was never live, so no edge has a receipt`
          : `no edge shows revision ${revision} because of record ${wanted}`,
      );
    return {
      record: JSON.parse(String(showing.json)) as LogRecord,
      asked: new Set(JSON.parse(String(showing.edges)) as string[]),
    };
  }

  return {
    revisionEvidence: (site, revision, record) =>
      transaction(database, () => {
        const answered = answeredRecord(site, revision, record);
        // A base to which many rollouts were taken back has receipts for each of them.
        return evidence(site, answered, () =>
          sql(
            `SELECT public_key, json FROM receipt WHERE site = ? AND revision = ? AND record = ?
             ORDER BY edge, public_key`,
          )
            .all(site, revision, answered.asked ? answered.record.seq : 0)
            .map(({ public_key, json }) => ({
              key: String(public_key),
              receipt: JSON.parse(String(json)) as Receipt,
            })),
        );
      }),

    purgeEvidence: (site, seq) =>
      transaction(database, () => {
        const row = sql(
          'SELECT r.json FROM purge p JOIN record r ON r.seq = p.seq WHERE p.site = ? AND p.seq = ?',
        ).get(site, seq);
        if (row === undefined)
          throw new SkerryError(
            'no-such-purge',
            `record ${seq} is not one of the newest purges of this site`,
          );
        const receipts = sql('SELECT json FROM purge_receipt WHERE seq = ? ORDER BY edge').all(seq);
        const record = JSON.parse(String(row.json)) as LogRecord;
        return evidence(site, { record }, (edges) => signedPurgeReceipts(edges, receipts));
      }),
  };
}

/** The hosts of an edge that belong into a roster, by key. An edge that is not asked and has not answered has none. */
function hostsOf(
  { name, region, publicKey, revoked, mayRead }: EdgeRow,
  site: { readonly name: string; readonly asked: ReadonlySet<string> | null },
  answers: readonly Signed[],
): { member: RosterMember; receipt: AnyReceipt | undefined }[] {
  const own = new Map(
    answers.filter(({ receipt }) => receipt.edge === name).map(({ key, receipt }) => [key, receipt]),
  );
  const mayAnswer = mayRead === null || mayRead.includes(site.name);
  const isAsked = !revoked && mayAnswer && (site.asked === null || site.asked.has(name));
  const keys = new Set([...own.keys(), ...(isAsked ? [publicKey] : [])]);
  return [...keys].sort().map((key) => {
    const state = key !== publicKey ? 'replaced' : revoked ? 'revoked' : 'member';
    return { member: [name, region, key, state, own.has(key)], receipt: own.get(key) };
  });
}
