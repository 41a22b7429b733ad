import { isDeepStrictEqual } from 'node:util';
import type { Row } from '../../../shared/content/manifest/sqlite/rows.ts';
import { SkerryError } from '../../../shared/errors.ts';
import type { Receipt } from '../../../shared/log/receipt.ts';
import { receiptKind } from '../../../shared/log/receipt.ts';
import { seq } from '../../../shared/log/record.ts';
import { isSignedBy } from '../../../shared/log/statement-kind.ts';
import type { PublicKey } from '../../../shared/signing/keys.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import { edgeReports } from '../../../shared/wire/protocol.ts';
import type { EdgeRow, FleetCalls } from '../fleet-calls.ts';
import { planJoin } from '../join-plan.ts';
import { changedMember, memberPayload } from '../member-record.ts';
import type { ReceiptCalls } from '../receipt-calls.ts';
import { replaces } from '../receipt-state.ts';
import { plainDraft } from '../record-draft.ts';
import { JOIN } from '../token-state.ts';
import type { CatalogContext } from './context.ts';
import { receiptRecord } from './showings.ts';
import { readable, tokenCalls } from './tokens.ts';

export function fleetCalls({ database, sql, writer, identity }: CatalogContext): FleetCalls & ReceiptCalls {
  const tokens = tokenCalls({ database, sql });

  const isOfLog = ({ site, revision, root }: Receipt) =>
    sql('SELECT 1 FROM revision WHERE site = ? AND revision = ? AND root = ?').get(site, revision, root) !==
    undefined;

  /**
   * The key that signed a receipt. The receipt was checked when it arrived. Undefined for a receipt of a host that was
   * replaced meanwhile.
   */
  function signerOf(receipt: Receipt): string | undefined {
    const row = sql('SELECT public_key, replaces FROM edge WHERE name = ?').get(receipt.edge);
    if (row === undefined) return '';
    const key = String(row.public_key) as PublicKey;
    return row.replaces === null || isSignedBy(receiptKind, receipt, key) ? key : undefined;
  }

  /** The first receipt for the same record, or for one that shares its receipts. */
  function keptReceipt({ site, revision, edge }: Receipt, key: string, record: number): Receipt | undefined {
    const row = sql(
      'SELECT json FROM receipt WHERE site = ? AND revision = ? AND edge = ? AND public_key = ? AND record = ?',
    ).get(site, revision, edge, key, record);
    return row === undefined ? undefined : (JSON.parse(row.json as string) as Receipt);
  }

  function keep(receipt: Receipt, key: string, record: number): void {
    const { site, revision, edge } = receipt;
    sql(
      'INSERT OR REPLACE INTO receipt (site, revision, edge, public_key, record, json) VALUES (?, ?, ?, ?, ?, ?)',
    ).run(site, revision, edge, key, record, JSON.stringify(receipt));
  }

  function refuseFurther(mostDrained: number): void {
    const drained = sql('SELECT name FROM edge WHERE drained = 1 AND revoked = 0 ORDER BY name').all();
    if (drained.length < mostDrained) return;
    const names = drained.map(({ name }) => name).join(', ');
    throw new SkerryError('too-many-drained', `drained at present: ${names}`);
  }

  return {
    join(request, { id, secretHash }, time) {
      return transaction(database, () => {
        const { name } = request;
        const row = sql('SELECT * FROM edge WHERE name = ?').get(name);
        const plan = planJoin({
          ...{ request, secretHash, time, token: tokens.token(id) },
          edge: row && toEdge(row),
          edges: Number(sql('SELECT count(*) AS edges FROM edge').get()?.edges),
        });
        if (plan.kind === 'repeat') return { seq: seq(Number(row?.seq)), edge: plan.edge, isNew: false };
        const { member } = plan;
        const joined = writer.append(identity(), [plainDraft('member', 0, memberPayload(member))], time);
        sql(
          `INSERT OR REPLACE INTO edge (name, region, lat, lon, public_key, replaces, seq, paused, drained, labels, may_read)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        ).run(
          ...[name, member.region, member.lat, member.lon, member.publicKey, member.replaces, joined],
          ...[Number(member.paused), Number(member.drained)],
          ...[JSON.stringify(member.labels), jsonOrNull(member.mayRead)],
        );
        sql('UPDATE token SET used_by = ? WHERE id = ?').run(name, id);
        return { seq: joined, edge: { ...member, lastSeen: null, report: null }, isNew: true };
      });
    },

    createReplacement(name, token, time) {
      transaction(database, () => {
        const row = sql('SELECT public_key FROM edge WHERE name = ?').get(name);
        if (row === undefined) throw new SkerryError('no-such-edge', `there is no edge ${name}`);
        const replaces = String(row.public_key);
        tokens.createToken({ ...token, scope: JOIN, edge: name, mayRead: null, replaces }, time);
      });
    },

    edges: () => sql('SELECT * FROM edge ORDER BY name').all().map(toEdge),

    changeMember(name, change, time) {
      return transaction(database, () => {
        const row = sql('SELECT * FROM edge WHERE name = ?').get(name);
        if (row === undefined) throw new SkerryError('no-such-edge', `there is no edge ${name}`);
        const before = toEdge(row);
        if (change.mostDrained !== undefined && !before.drained) refuseFurther(change.mostDrained);
        const after = changedMember(before, change);
        if (isDeepStrictEqual(after, before)) return before;
        writer.append(identity(), [plainDraft('member', 0, memberPayload(after))], time);
        sql(
          'UPDATE edge SET paused = ?, revoked = ?, drained = ?, labels = ?, may_read = ? WHERE name = ?',
        ).run(
          ...[after.paused, after.revoked, after.drained].map(Number),
          ...[JSON.stringify(after.labels), jsonOrNull(after.mayRead), name],
        );
        return after;
      });
    },

    saveReports(reports) {
      transaction(database, () => {
        for (const { name, lastSeen, report } of reports) {
          sql('UPDATE edge SET last_seen = ?, report = ? WHERE name = ?').run(
            lastSeen,
            JSON.stringify(report),
            name,
          );
        }
      });
    },

    addReceipts(receipts) {
      return transaction(database, () =>
        receipts.filter((receipt) => {
          const key = signerOf(receipt);
          if (key === undefined || !isOfLog(receipt)) return false;
          const record = receiptRecord(sql, receipt);
          if (record === undefined) return false;
          const kept = keptReceipt(receipt, key, record);
          if (kept === undefined || replaces(receipt, kept)) keep(receipt, key, record);
          return true;
        }),
      );
    },

    receipts: (site, revision) =>
      sql('SELECT json FROM receipt WHERE site = ? AND revision = ? ORDER BY edge, public_key, record')
        .all(site, revision)
        .map((row) => JSON.parse(row.json as string) as Receipt),

    confirming: (site, revision) =>
      sql(
        'SELECT DISTINCT edge FROM receipt JOIN edge ON name = edge AND edge.public_key = receipt.public_key WHERE site = ? AND revision = ?',
      )
        .all(site, revision)
        .map((row) => String(row.edge)),
  };
}

function jsonOrNull(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}

export function toEdge(row: Row): EdgeRow {
  return {
    name: row.name as string,
    region: row.region as string,
    lat: row.lat as number | null,
    lon: row.lon as number | null,
    publicKey: row.public_key as string,
    replaces: row.replaces as string | null,
    revoked: row.revoked === 1,
    paused: row.paused === 1,
    drained: row.drained === 1,
    labels: JSON.parse(row.labels as string) as string[],
    mayRead: readable(row.may_read),
    lastSeen: row.last_seen as number | null,
    report: row.report === null ? null : knownReport(row.report as string),
  };
}

function knownReport(json: string): EdgeRow['report'] {
  try {
    return edgeReports.parseText(json);
  } catch {
    return null;
  }
}
