import { type Digest, digestOf } from '../content/digest.ts';
import { SkerryError } from '../errors.ts';
import { isSigned, knownStatements, type Statement } from '../log/statements.ts';
import { ByteCache } from '../process/byte-cache.ts';
import { type PublicKey, verifyText } from '../signing/keys.ts';
import { type EdgeReport, type SignedReport, verifiedReport } from '../wire/protocol.ts';

/** A report, and the key that belongs to its edge. */
export interface Claimed {
  readonly signed: SignedReport;
  readonly key: PublicKey;
  /**
   * The time of the edge's newest report so far. A report that is not newer is a replay, and its statements are
   * ignored.
   */
  readonly newest: number;
}

export type Checked = {
  /** The cost of the check, in signatures. */
  readonly cost: number;
} & (
  | {
      readonly report: EdgeReport;
      readonly digest: Digest;
      readonly isFresh: boolean;
      /** The edge's signed statements, if they were checked. */
      readonly statements: readonly Statement[];
    }
  /** The reason why the report is refused, and whether the edge has signed it nevertheless. */
  | { readonly refused: string; readonly isSigned: boolean }
);

/** Reading this many characters takes as long as checking one signature. */
const CHARACTERS_PER_SIGNATURE = 8 * 1024;
/** The cost of a statement that was already checked or is of an unknown kind. It still has to be parsed. */
const KNOWN_COST = 1 / 20;
/**
 * The memory for statements that were found valid. It saves time, because an edge sends a statement again until it
 * knows that the statement has arrived.
 */
const KNOWN_BYTES = 16 * 1024 * 1024;

/** Parses reports and checks their signatures. This is slow, so large reports are checked in a thread. */
export function openReportCheck(log: string) {
  const known = new ByteCache<Digest, true>({ bytes: KNOWN_BYTES, sizeOf: () => 64 });

  return {
    /**
     * Checks only the signature of the report itself. A parent uses this, because it passes statements on unchanged.
     */
    report({ signed, key, newest }: Claimed): Checked {
      return checked(signed, () => NOTHING, key, newest);
    },

    /** Also checks the statements of a fresh report. The origin uses this. */
    reportWithStatements({ signed, key, newest }: Claimed): Checked {
      return checked(
        signed,
        (report) => (report.time > newest ? checkStatements(report, signed, key) : NOTHING),
        key,
        newest,
      );
    },
  };

  function checked(
    signed: SignedReport,
    further: (report: EdgeReport) => CheckedStatements,
    key: PublicKey,
    newest: number,
  ): Checked {
    const cost = 1 + signed.text.length / CHARACTERS_PER_SIGNATURE;
    try {
      const report = verifiedReport(log, signed, key);
      const { statements, cost: more } = further(report);
      return {
        ...{ report, statements, cost: cost + more },
        ...{ digest: digestOf(signed.text), isFresh: report.time > newest },
      };
    } catch (error) {
      if (!(error instanceof SkerryError)) throw error;
      const { checked = 0, isUnsigned = false } = error.details;
      return { refused: error.message, isSigned: isUnsigned !== true, cost: cost + Number(checked) };
    }
  }

  /**
   * Checks the statements. Throws `bad-request` when one is not signed by the edge, with the cost so far in its
   * details.
   */
  function checkStatements(report: EdgeReport, { edge }: SignedReport, key: PublicKey): CheckedStatements {
    const statements = knownStatements(report.statements);
    let cost = (report.statements.length - statements.length) * KNOWN_COST;
    const verify: typeof verifyText = (by, text, signature) => {
      const name = digestOf(`${by}\n${signature}\n${text}`);
      const isKnown = known.get(name) === true;
      cost += isKnown ? KNOWN_COST : 1;
      if (isKnown) return true;
      const isGood = verifyText(by, text, signature);
      if (isGood) known.set(name, true);
      return isGood;
    };
    const isGood =
      statements.every(({ body }) => body.edge === edge && body.log === log) &&
      statements.every((statement) => isSigned(statement, key, verify));
    if (isGood) return { statements, cost };
    throw new SkerryError('bad-request', `a statement is not signed by ${edge}, which reports it`, {
      details: { checked: cost },
    });
  }
}

interface CheckedStatements {
  readonly statements: readonly Statement[];
  /** The cost, in signatures. */
  readonly cost: number;
}

const NOTHING: CheckedStatements = { statements: [], cost: 0 };

export type ReportCheck = ReturnType<typeof openReportCheck>;
