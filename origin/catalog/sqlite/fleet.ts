import { isDeepStrictEqual } from 'node:util';
import type { Row } from '../../../shared/content/manifest/sqlite/rows.ts';
import { SkerryError } from '../../../shared/errors.ts';
import type { Receipt } from '../../../shared/log/receipt.ts';
import { seq } from '../../../shared/log/record.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import { edgeReports } from '../../../shared/wire/protocol.ts';
import type { EdgeRow, FleetCalls } from '../fleet-calls.ts';
import { planJoin } from '../join-plan.ts';
import { changedMember, memberPayload } from '../member-record.ts';
import type { ReceiptCalls } from '../receipt-calls.ts';
import { replaces } from '../receipt-state.ts';
import { plainDraft } from '../record-draft.ts';
import type { CatalogContext } from './context.ts';
import { readable, tokenCalls } from './tokens.ts';

export function fleetCalls({
  database,
  sql,
  writer,
  identity,
}: CatalogContext): FleetCalls & Pick<ReceiptCalls, 'addReceipts' | 'receipts'> {
  const tokens = tokenCalls({ sql });

  const isOfLog = ({ site, revision, root }: Receipt) =>
    sql('SELECT 1 FROM revision WHERE site = ? AND revision = ? AND root = ?').get(site, revision, root) !==
    undefined;

  function keptReceipt({ site, revision, edge }: Receipt): Receipt | undefined {
    const row = sql('SELECT json FROM receipt WHERE site = ? AND revision = ? AND edge = ?').get(
      site,
      revision,
      edge,
    );
    return row === undefined ? undefined : (JSON.parse(row.json as string) as Receipt);
  }

  function keep(receipt: Receipt): void {
    const { site, revision, edge } = receipt;
    sql('INSERT OR REPLACE INTO receipt (site, revision, edge, json) VALUES (?, ?, ?, ?)').run(
      site,
      revision,
      edge,
      JSON.stringify(receipt),
    );
  }

  return {
    join(request, { id, secretHash }, time) {
      return transaction(database, () => {
        const { name } = request;
        const row = sql('SELECT * FROM edge WHERE name = ?').get(name);
        const plan = planJoin({
          ...{ request, secretHash, time, token: tokens.token(id) },
          memberKey: row?.public_key as string | undefined,
          edges: Number(sql('SELECT count(*) AS edges FROM edge').get()?.edges),
        });
        if (row !== undefined && plan.kind === 'repeat')
          return { seq: seq(Number(row.seq)), edge: toEdge(row) };
        if (plan.kind === 'repeat') throw new Error(`there is no edge ${name}`);
        const { member } = plan;
        const joined = writer.append(identity(), [plainDraft('member', 0, memberPayload(member))], time);
        sql(
          'INSERT INTO edge (name, region, lat, lon, public_key, seq, labels, may_read) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        ).run(
          ...[name, member.region, member.lat, member.lon, member.publicKey, joined],
          ...[JSON.stringify(member.labels), jsonOrNull(member.mayRead)],
        );
        sql('UPDATE token SET used_by = ? WHERE id = ?').run(name, id);
        return { seq: joined, edge: { ...member, lastSeen: null, report: null } };
      });
    },

    edges: () => sql('SELECT * FROM edge ORDER BY name').all().map(toEdge),

    changeMember(name, change, time) {
      return transaction(database, () => {
        const row = sql('SELECT * FROM edge WHERE name = ?').get(name);
        if (row === undefined) throw new SkerryError('no-such-edge', `there is no edge ${name}`);
        const before = toEdge(row);
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
          if (!isOfLog(receipt)) return false;
          const kept = keptReceipt(receipt);
          if (kept === undefined || replaces(receipt, kept)) keep(receipt);
          return true;
        }),
      );
    },

    receipts: (site, revision) =>
      sql('SELECT json FROM receipt WHERE site = ? AND revision = ? ORDER BY edge')
        .all(site, revision)
        .map((row) => JSON.parse(row.json as string) as Receipt),
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
