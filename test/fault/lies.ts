import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { SignedGrant } from '../../shared/log/grant.ts';
import { BUCKETS_TYPE, encodeBuckets } from '../../shared/wire/bucket-list.ts';
import { BUNDLE_TYPE } from '../../shared/wire/bundle.ts';
import type { Random } from '../helpers/random.ts';
import { GRANT_LIES, type GrantLie, RELAY_LIES, type RelayLie } from './lies-about-tasks.ts';

/** Lies about the frames of a stream. */
export const FRAME_LIES = [
  ...(['record-altered', 'record-payload', 'record-dropped', 'record-swapped', 'record-repeated'] as const),
  ...(['head-old', 'head-dropped', 'head-altered', 'head-alone'] as const),
  ...([
    'path-loop',
    'path-garbage',
    'frame-critical',
    'frame-unknown',
    'frame-garbage',
    'frame-huge',
    'stream-cut',
    'stream-trickle',
  ] as const),
  ...(['call-withheld', 'call-endless'] as const),
] as const;

/** Lies about all other answers. */
export const ANSWER_LIES = [
  ...(['byte-flipped', 'cut-off', 'cut-clean', 'another', 'empty', 'refused', 'missing', 'late'] as const),
  ...([
    'mislabelled',
    'content-altered',
    'content-cut',
    'lines-dropped',
    'lines-repeated',
    'lines-forged',
  ] as const),
  ...([
    'silent',
    'trickle',
    'bomb',
    'endless',
    'entries-endless',
    'nothing-endless',
    'pruned',
    'too-new',
  ] as const),
] as const;

/** Lies about the answers to reports. */
export const REPORT_LIES = [
  ...(['report-swallowed', 'report-refused', 'report-silent', 'grant-altered', 'grant-old'] as const),
] as const;

export type ReportLie = (typeof REPORT_LIES)[number];
export type FrameLie = (typeof FRAME_LIES)[number];
export type AnswerLie = (typeof ANSWER_LIES)[number];
export type Lie = FrameLie | AnswerLie | ReportLie | GrantLie | RelayLie;

export const ALL_LIES: readonly Lie[] = [
  ...[...FRAME_LIES, ...ANSWER_LIES, ...REPORT_LIES],
  ...[...GRANT_LIES, ...RELAY_LIES],
];

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** What happens to the connection around the body. Without it, the body is sent whole. */
  readonly end?: 'cut' | 'silent' | 'trickle' | 'endless' | 'nothing';
}

const problem = (status: number, code: string, more: object = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/problem+json' },
  body: Buffer.from(
    JSON.stringify({ ...more, type: 'x', title: `the liar says ${code}`, status, code, hint: '' }),
  ),
});

const REFUSALS = [
  ...[
    'unavailable',
    'internal',
    'unauthenticated',
    'forbidden',
    'not-found',
    'bad-request',
    'no-such-revision',
  ],
  ...['disk-full', 'unknown-critical-record', 'beyond-log', 'beyond-parent', 'parent-loop', 'stale-head'],
];

const allBuckets = (count: number) =>
  encodeBuckets(Array.from({ length: count }, (_, number) => ({ number, digest: Buffer.alloc(32, 1) })));

/** 256 MiB of zeros, compressed to a few kilobytes. */
let bomb: Buffer | undefined;
const zeros = () => {
  bomb ??= zstdCompressSync(Buffer.alloc(256 * 1024 * 1024), {
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
  });
  return bomb;
};

/** Applies a lie to an honest answer. `others` are answers to earlier requests of the same kind. */
export function lieAboutAnswer(
  lie: AnswerLie,
  honest: Answer,
  others: readonly Answer[],
  dice: Random,
): Answer {
  const { body } = honest;
  const part = () => body.subarray(0, dice.below(body.length + 1));
  switch (lie) {
    case 'byte-flipped': {
      const flipped = Buffer.from(body);
      if (flipped.length > 0) {
        const at = dice.below(flipped.length);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << dice.below(8));
      }
      return { ...honest, body: flipped };
    }
    case 'cut-off':
      return { ...honest, body: part(), end: 'cut' };
    case 'cut-clean':
      return { ...honest, body: part() };
    case 'another':
      return others.length === 0 ? honest : dice.pick(others);
    case 'empty':
      return { ...honest, body: Buffer.alloc(0) };
    case 'refused':
      return problem(dice.pick([401, 403, 404, 409, 500, 502, 503]), dice.pick(REFUSALS));
    case 'missing':
      return problem(404, dice.pick(['no-such-object', 'no-longer-held']));
    case 'late':
      return problem(503, 'not-yet-held');
    case 'pruned':
      return problem(410, 'log-pruned', { checkpoint: 1 + dice.below(40) });
    case 'too-new':
      return problem(502, 'unknown-critical-record');
    case 'mislabelled': {
      const coding = dice.pick(['zstd', 'dcz', 'gzip', undefined]);
      const { 'content-encoding': _, ...headers } = honest.headers;
      return {
        ...honest,
        headers: coding === undefined ? headers : { ...headers, 'content-encoding': coding },
      };
    }
    case 'silent':
      return { ...honest, body: part(), end: 'silent' };
    case 'trickle':
      return { ...honest, end: 'trickle' };
    case 'endless':
      return { ...honest, end: 'endless' };
    case 'entries-endless':
      // The lie says that all buckets differ, so that the edge asks for many entries.
      if (honest.headers['content-type'] !== BUCKETS_TYPE) return { ...honest, end: 'endless' };
      return { ...honest, body: allBuckets(others[0] === honest ? 65_536 : 256) };
    case 'nothing-endless':
      if (honest.headers['content-type'] !== BUNDLE_TYPE) return honest;
      return {
        status: 200,
        headers: { ...honest.headers, 'content-encoding': 'zstd' },
        body: Buffer.alloc(0),
        end: 'nothing',
      };
    case 'bomb':
      return { status: 200, headers: { ...honest.headers, 'content-encoding': 'zstd' }, body: zeros() };
    default:
      return altered(lie, honest, dice);
  }
}

/** Replaces a report on its way to the origin, or the origin's grants. `old` are answers to earlier reports. */
export function lieAboutReport(lie: ReportLie, honest: Answer, old: readonly Answer[], dice: Random): Answer {
  switch (lie) {
    case 'report-swallowed':
      return { ...honest, body: Buffer.from('{"grants":[]}') };
    case 'report-refused':
      return problem(400, 'bad-request');
    case 'report-silent':
      return { ...honest, body: Buffer.alloc(0), end: 'silent' };
    case 'grant-old':
      return old.length === 0 ? honest : dice.pick(old);
    case 'grant-altered': {
      const { grants = [] } = JSON.parse(honest.body.toString('utf8')) as { grants?: SignedGrant[] };
      const change = dice.pick<object>([
        { serves: 600_000 },
        { lease: 0 },
        { newest: 2 ** 50 },
        { edge: 'liar' },
      ]);
      const altered = grants.map((one) =>
        'edge' in change
          ? { ...one, ...change }
          : { ...one, text: JSON.stringify({ ...JSON.parse(one.text), ...change }) },
      );
      return { ...honest, body: Buffer.from(JSON.stringify({ grants: altered })) };
    }
  }
}

/** Applies a lie below the encoding: the answer decodes well and has wrong content. */
function altered(lie: AnswerLie, honest: Answer, dice: Random): Answer {
  if (honest.headers['content-encoding'] === 'dcz') return honest;
  const isPacked = honest.headers['content-encoding'] === 'zstd';
  const plain = Buffer.from(isPacked ? zstdDecompressSync(honest.body) : honest.body);
  const changed = lie.startsWith('lines') ? changedLines(lie, plain, dice) : changedBytes(lie, plain, dice);
  return { ...honest, body: isPacked ? zstdCompressSync(changed) : changed };
}

function changedBytes(lie: AnswerLie, plain: Buffer, dice: Random): Buffer {
  if (lie === 'content-cut') return plain.subarray(0, dice.below(plain.length + 1));
  if (plain.length > 0) {
    const at = dice.below(plain.length);
    plain[at] = (plain[at] ?? 0) ^ (1 << dice.below(8));
  }
  return plain;
}

/** Changes whole lines of diffs and entries. The last line counts the changed lines. */
function changedLines(lie: AnswerLie, plain: Buffer, dice: Random): Buffer {
  const text = plain.toString('utf8');
  if (!text.startsWith('["diff"')) return plain;
  const [first = '', ...rest] = text.trimEnd().split('\n');
  let changes = rest.slice(0, -1);
  const at = dice.below(changes.length + 1);
  if (lie === 'lines-dropped') changes = changes.filter((_, i) => i !== at);
  if (lie === 'lines-repeated') changes = changes.flatMap((line, i) => (i === at ? [line, line] : [line]));
  if (lie === 'lines-forged') {
    const row = JSON.parse(changes[at] ?? '["-","index.html"]') as unknown[];
    const change = dice.below(5);
    if (change === 0) row[2] = 'cd'.repeat(32);
    else if (change === 1) row[3] = Number(row[3] ?? 0) + 1;
    else if (change === 2) row[1] = 'forged.html';
    else if (change === 3) row[1] = '../outside';
    else row.splice(0, row.length, '-', 'index.html');
    changes = changes.filter((_, i) => i !== at).concat(JSON.stringify(row));
  }
  return Buffer.from(`${[first, ...changes, JSON.stringify(['end', changes.length])].join('\n')}\n`);
}
