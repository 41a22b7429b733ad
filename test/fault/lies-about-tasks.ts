import type { SignedGrant } from '../../shared/log/grant.ts';
import type { SignedReport } from '../../shared/wire/protocol.ts';
import type { Assignment } from '../../shared/work/assignment.ts';
import type { Random } from '../helpers/random.ts';

/** Lies about the assignments and grants in the answer to a report. */
export const GRANT_LIES = [
  ...(['list-withheld', 'list-old', 'list-altered', 'list-anothers', 'list-forged'] as const),
  ...(['grant-withheld', 'grant-anothers'] as const),
] as const;

/** Lies about the reports of others, and the results in them, on their way to the origin. */
export const RELAY_LIES = [
  ...(['result-withheld', 'result-altered', 'report-twice', 'report-old', 'report-late'] as const),
] as const;

export type GrantLie = (typeof GRANT_LIES)[number];
export type RelayLie = (typeof RELAY_LIES)[number];

/** What passed through the liar before. */
export class Past {
  readonly #grants: SignedGrant[] = [];
  readonly #reports: SignedReport[] = [];
  held: readonly SignedReport[] = [];

  note(reports: readonly SignedReport[], grants: readonly SignedGrant[]): void {
    this.#reports.push(...reports);
    this.#grants.push(...grants);
    this.#reports.splice(0, this.#reports.length - 60);
    this.#grants.splice(0, this.#grants.length - 200);
  }

  reportsOf(edge: string): SignedReport[] {
    return this.#reports.filter((report) => report.edge === edge);
  }

  grantsOfOthers(edge: string): SignedGrant[] {
    return this.#grants.filter((grant) => grant.edge !== edge);
  }

  /** The lists of this edge, or of all others. */
  lists(edge: string, isOwn: boolean): string[] {
    return this.#grants.flatMap(({ edge: name, list }) =>
      list !== undefined && (name === edge) === isOwn ? [list] : [],
    );
  }
}

/** The grants that the liar passes on, or undefined if there is nothing to lie about. */
export function lieAboutGrants(
  lie: GrantLie,
  grants: readonly SignedGrant[],
  past: Past,
  dice: Random,
): SignedGrant[] | undefined {
  if (lie === 'grant-withheld') return grants.length === 0 ? undefined : [];
  const told = grants.map((grant) => changedGrant(lie, grant, past, dice));
  return told.every((grant, i) => grant === grants[i]) ? undefined : told;
}

function changedGrant(lie: GrantLie, grant: SignedGrant, past: Past, dice: Random): SignedGrant {
  const { list, edge, report, ...rest } = grant;
  const replaced = (lists: readonly string[]) => {
    const others = lists.filter((one) => one !== list);
    return list === undefined || others.length === 0 ? grant : { ...grant, list: dice.pick(others) };
  };
  switch (lie) {
    case 'list-withheld':
      return list === undefined ? grant : { edge, report, ...rest };
    case 'list-old':
      return replaced(past.lists(edge, true));
    case 'list-anothers':
      return replaced(past.lists(edge, false));
    case 'list-altered':
      return list === undefined ? grant : { ...grant, list: alteredList(list, dice) };
    case 'list-forged':
      return list === undefined ? { ...grant, list: JSON.stringify([FORGED]) } : grant;
    default: {
      const others = past.grantsOfOthers(edge);
      return others.length === 0 ? grant : { ...dice.pick(others), edge, report };
    }
  }
}

const FORGED: Assignment = {
  ...{ task: 1, share: 0, attempt: 9, nonce: 'f'.repeat(22) },
  ...{ kind: 'verify', args: { repair: true } },
};

function alteredList(list: string, dice: Random): string {
  const assignments = JSON.parse(list) as Assignment[];
  const [first = FORGED, ...rest] = assignments;
  return JSON.stringify(
    dice.pick<readonly object[]>([
      [...assignments, FORGED],
      rest,
      [{ ...first, kind: 'prune', args: {} }, ...rest],
      [{ ...first, attempt: first.attempt + 1 }, ...rest],
      [{ ...first, nonce: 'f'.repeat(22) }, ...rest],
    ]),
  );
}

/** A report without its results, or with other ones. Its signature does not fit any more. */
export function alteredReport(lie: 'result-withheld' | 'result-altered', report: SignedReport): SignedReport {
  const { statements = [], ...rest } = JSON.parse(report.text) as {
    statements?: { kind: string; body: Record<string, unknown> }[];
  };
  const isResult = ({ kind }: { kind: string }) => kind === 'task-result';
  const told =
    lie === 'result-withheld'
      ? statements.filter((one) => !isResult(one))
      : statements.map((one) =>
          isResult(one)
            ? { ...one, body: { ...one.body, outcome: 'done', result: '{"objects":9,"bytes":9}' } }
            : one,
        );
  return { ...report, text: JSON.stringify({ ...rest, statements: told }) };
}

export const hasResults = ({ text }: SignedReport): boolean => text.includes('"kind":"task-result"');
