import { type Digest, digestOf } from '../content/digest.ts';
import { SkerryError } from '../errors.ts';
import { isSigned, knownStatements, type Statement } from '../log/statements.ts';
import { ByteCache } from '../process/byte-cache.ts';
import { type PublicKey, verifyText } from '../signing/keys.ts';
import { type EdgeReport, type SignedReport, verifiedReport } from '../wire/protocol.ts';

/** A report, and who is known to sign for its edge. */
export interface Claimed {
  readonly signed: SignedReport;
  readonly key: PublicKey;
  /** The time of the newest report of the edge: one that is not newer is a replay, whose statements do not matter. */
  readonly newest: number;
}

export type Checked = {
  /** What it took to find out, in signatures. */
  readonly cost: number;
} & (
  | {
      readonly report: EdgeReport;
      readonly digest: Digest;
      readonly isFresh: boolean;
      /** What the edge has signed, where that was checked. */
      readonly statements: readonly Statement[];
    }
  /** Why it counts for nothing, and whether the edge has signed it all the same. */
  | { readonly refused: string; readonly isSigned: boolean }
);

/** Reading so many characters takes as long as checking one signature. */
const CHARACTERS_PER_SIGNATURE = 8 * 1024;
/** A statement that is known from before, or of a kind that is not known, is still read. */
const KNOWN_COST = 1 / 20;
/** Of statements that were found good: an edge sends them again until it knows that they have arrived. */
const KNOWN_BYTES = 16 * 1024 * 1024;

/** Reads reports and checks what is signed in them. It is slow: it runs in a thread. */
export function openReportCheck(log: string) {
  const known = new ByteCache<Digest, true>({ bytes: KNOWN_BYTES, sizeOf: () => 64 });

  return {
    /** Of a parent, which passes statements on as they are: only the report's own signature. */
    report({ signed, key, newest }: Claimed): Checked {
      return checked(signed, () => NOTHING, key, newest);
    },

    /** Of the origin: the statements of a fresh report too. */
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

  /** Throws `bad-request` at the first that is not the edge's, with what it cost. */
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
  /** In signatures. */
  readonly cost: number;
}

const NOTHING: CheckedStatements = { statements: [], cost: 0 };

export type ReportCheck = ReturnType<typeof openReportCheck>;
