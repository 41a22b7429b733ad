import { certifiedKey } from '../log/certificate.ts';
import { purgeReceiptKind } from '../log/purge-receipt.ts';
import { receiptKind } from '../log/receipt.ts';
import { recordHash, verifyRecord } from '../log/record.ts';
import { isSignedBy } from '../log/statement-kind.ts';
import { fingerprintOf, type KeyFingerprint, type PublicKey } from '../signing/keys.ts';
import type { AnyReceipt, ReceiptFile } from './receipt-file.ts';
import { type RosterMember, verifyRoster } from './roster.ts';
import { type ShownBy, shownBy } from './shown-by.ts';

/** A host of an edge, and its valid receipt. */
interface Confirmation {
  readonly member: RosterMember;
  readonly receipt: AnyReceipt;
}

export interface Verdict {
  /** The fingerprint of the recovery key that vouches for everything else in the file. */
  readonly recovery: KeyFingerprint;
  /** What the edges that have answered show. Undefined for a purge. */
  readonly shows: ShownBy | undefined;
  /** Each names something that is wrong. A file with faults proves nothing. */
  readonly faults: readonly string[];
  readonly confirmed: readonly Confirmation[];
  /** The present members of which the origin had no receipt. */
  readonly missing: readonly RosterMember[];
}

/** Checks a file of receipts by itself. `trusted` is the fingerprint that the reader knows, if any. */
export function checkReceipts(file: ReceiptFile, trusted?: KeyFingerprint): Verdict {
  const recovery = trusted ?? fingerprintOf((file.certificates[0]?.recoveryKey ?? '') as PublicKey);
  const faults = [...certificateFaults(file, recovery), ...rosterFaults(file), ...recordFaults(file)];
  const named = Map.groupBy(file.roster.members, ([name]) => name);
  const confirmed = new Map<RosterMember, AnyReceipt>();
  for (const receipt of file.receipts) {
    const of = `the receipt of ${receipt.edge}`;
    const fault = subjectFault(file, receipt);
    const hosts = named.get(receipt.edge) ?? [];
    const signer = hosts.find(([, , key]) => isSigned(receipt, key as PublicKey));
    if (fault !== undefined) faults.push(`${of} ${fault}`);
    else if (hosts.length === 0) faults.push(`${of} was put in: the roster names no such edge`);
    else if (signer === undefined)
      faults.push(`${of} was changed, or signed by another edge: no key of ${receipt.edge} has signed it`);
    else if (confirmed.has(signer)) faults.push(`${of} is there twice`);
    else confirmed.set(signer, receipt);
  }
  const { answered, silent } = Object.groupBy(file.roster.members, (member) =>
    member[4] ? 'answered' : 'silent',
  );
  for (const member of silent ?? [])
    if (confirmed.has(member))
      faults.push(`the receipt of ${member[0]} was put in: the origin did not have it`);
  for (const member of answered ?? [])
    if (!confirmed.has(member))
      faults.push(`the receipt of ${hostName(member)} was removed: the origin had it`);
  const places = [...confirmed.keys()].map((member) => file.roster.members.indexOf(member));
  if (places.some((place, at) => at > 0 && place < (places[at - 1] ?? 0)))
    faults.push('the receipts were put in another order than that of the roster');
  return {
    recovery,
    shows: shownBy(file.record),
    faults,
    confirmed: [...confirmed].map(([member, receipt]) => ({ member, receipt })),
    missing: (silent ?? []).filter((member) => member[3] === 'member' && !confirmed.has(member)),
  };
}

function certificateFaults({ certificates, roster }: ReceiptFile, recovery: KeyFingerprint): string[] {
  return certificates.flatMap((certificate) => {
    const named = `the signing key ${certificate.publicKey}`;
    const by = fingerprintOf(certificate.recoveryKey as PublicKey);
    if (by !== recovery)
      return `${named} belongs to another origin: the recovery key ${by} has certified it, not ${recovery}`;
    if (certifiedKey(roster.log, roster.epoch, certificate, recovery) === undefined)
      return `${named} has no valid certificate of the recovery key ${recovery} for the log ${roster.log}`;
    return [];
  });
}

function rosterFaults({ certificates, roster }: ReceiptFile): string[] {
  const { keys } = roster;
  const isListed =
    certificates.length === keys.length && keys.every(([key], at) => key === certificates[at]?.publicKey);
  const isAscending = keys.every(([, from], at) => from > (keys[at - 1]?.[1] ?? 0));
  if (!isListed || !isAscending)
    return ['the certificates are not those of the signing keys that the roster names'];
  const [newest] = keys.at(-1) ?? [''];
  return verifyRoster(roster, newest as PublicKey)
    ? []
    : [`the roster was changed, or is not signed with ${newest}, the origin's newest key`];
}

function recordFaults({ record, roster }: ReceiptFile): string[] {
  const named = `record ${record.seq}`;
  if (record.log !== roster.log || record.epoch !== roster.epoch)
    return [`${named} belongs to another log or epoch: ${record.log}, epoch ${record.epoch}`];
  const inForce = roster.keys.findLast(([, from]) => from <= record.seq)?.[0];
  if (inForce === undefined || !verifyRecord(record, inForce as PublicKey)) {
    const other = roster.keys.find(([key]) => verifyRecord(record, key as PublicKey));
    return [
      other === undefined
        ? `${named} was changed, or the origin has not signed it`
        : `${named} is signed with ${other[0]}, which was not the origin's key at that record`,
    ];
  }
  if (record.kind !== 'purge' && shownBy(record) === undefined)
    return [`${named} is of the kind ${record.kind}, and no edge shows anything because of it`];
  if (recordHash(record) !== roster.about) return [`the roster is about another record than ${named}`];
  if (record.seq > roster.seq) return [`the roster ends at record ${roster.seq}, before ${named}`];
  return [];
}

/** What a receipt is about, if that is not what the file is about. */
function subjectFault({ record, roster }: ReceiptFile, receipt: AnyReceipt): string | undefined {
  if (receipt.log !== roster.log || receipt.epoch !== roster.epoch)
    return `belongs to another log or epoch: ${receipt.log}, epoch ${receipt.epoch}`;
  if ('root' in receipt === (record.kind === 'purge'))
    return `answers another kind of record than record ${record.seq}, which is of the kind ${record.kind}`;
  if (receipt.seq !== record.seq) return `answers record ${receipt.seq}, not record ${record.seq}`;
  if (receipt.site !== record.site) return `is about site ${receipt.site}, not about site ${record.site}`;
  if (!('root' in receipt)) return undefined;
  const { revision, root } = shownBy(record) ?? record;
  return receipt.revision === revision && receipt.root === root
    ? undefined
    : `is about revision ${receipt.revision} with the root ${receipt.root}, not about revision ${revision}`;
}

function isSigned(receipt: AnyReceipt, key: PublicKey): boolean {
  return 'root' in receipt
    ? isSignedBy(receiptKind, receipt, key)
    : isSignedBy(purgeReceiptKind, receipt, key);
}

function hostName([name, , , state]: RosterMember): string {
  return state === 'replaced' ? `the former host of ${name}` : name;
}
