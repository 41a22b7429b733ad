import { type Digest, digestOf } from '../content/digest.ts';
import { SkerryError } from '../errors.ts';
import { verifyReceipt } from '../log/receipt.ts';
import { ByteCache } from '../process/byte-cache.ts';
import { type PublicKey, verifyText } from '../signing/keys.ts';
import { verifyPurgeReceipt } from '../site/purge.ts';
import { type EdgeReport, type SignedReport, verifiedReport } from '../wire/protocol.ts';

/** A report, and who is known to sign for its edge. */
export interface Claimed {
  readonly signed: SignedReport;
  readonly key: PublicKey;
  /** The time of the newest report of the edge: one that is not newer is a replay, whose receipts do not matter. */
  readonly newest: number;
}

export type Checked = {
  /** What it took to find out, in signatures. */
  readonly cost: number;
} & (
  | { readonly report: EdgeReport; readonly digest: Digest; readonly isFresh: boolean }
  /** Why it counts for nothing, and whether the edge has signed it all the same. */
  | { readonly refused: string; readonly isSigned: boolean }
);

/** Reading so many characters takes as long as checking one signature. */
const CHARACTERS_PER_SIGNATURE = 8 * 1024;
/** A receipt that is known is still read, and looked up where receipts are stored. */
const KNOWN_COST = 1 / 20;
/** Of receipts that were found good: an edge sends them again until it knows that they have arrived. */
const KNOWN_BYTES = 16 * 1024 * 1024;

/** Reads reports and checks what is signed in them. It is slow: it runs in a thread. */
export function openReportCheck(log: string) {
  const known = new ByteCache<Digest, true>({ bytes: KNOWN_BYTES, sizeOf: () => 64 });

  return {
    /** Of a parent, which passes receipts on as they are: only the report's own signature. */
    report({ signed, key, newest }: Claimed): Checked {
      return checked(signed, () => 0, key, newest);
    },

    /** Of the origin: the receipts of a fresh report too. */
    reportWithReceipts({ signed, key, newest }: Claimed): Checked {
      return checked(
        signed,
        (report) => (report.time > newest ? checkReceipts(report, signed, key) : 0),
        key,
        newest,
      );
    },
  };

  function checked(
    signed: SignedReport,
    further: (report: EdgeReport) => number,
    key: PublicKey,
    newest: number,
  ): Checked {
    let cost = 1 + signed.text.length / CHARACTERS_PER_SIGNATURE;
    try {
      const report = verifiedReport(log, signed, key);
      cost += further(report);
      return { report, digest: digestOf(signed.text), isFresh: report.time > newest, cost };
    } catch (error) {
      if (!(error instanceof SkerryError)) throw error;
      const { checked = 0, isUnsigned = false } = error.details;
      return { refused: error.message, isSigned: isUnsigned !== true, cost: cost + Number(checked) };
    }
  }

  /** What it cost. Throws `bad-request` at the first that is not the edge's, with the same. */
  function checkReceipts(
    { receipts, purges = [] }: EdgeReport,
    { edge }: SignedReport,
    key: PublicKey,
  ): number {
    let checked = 0;
    const verify: typeof verifyText = (by, text, signature) => {
      const name = digestOf(`${by}\n${signature}\n${text}`);
      const isKnown = known.get(name) === true;
      checked += isKnown ? KNOWN_COST : 1;
      if (isKnown) return true;
      const isGood = verifyText(by, text, signature);
      if (isGood) known.set(name, true);
      return isGood;
    };
    const isGood =
      [...receipts, ...purges].every((receipt) => receipt.edge === edge && receipt.log === log) &&
      receipts.every((receipt) => verifyReceipt(receipt, key, verify)) &&
      purges.every((receipt) => verifyPurgeReceipt(receipt, key, verify));
    if (isGood) return checked;
    throw new SkerryError('bad-request', `a receipt is not signed by ${edge}, which reports it`, {
      details: { checked },
    });
  }
}

export type ReportCheck = ReturnType<typeof openReportCheck>;
