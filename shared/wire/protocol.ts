import { type Static, Type } from 'typebox';
import { DIGEST_PATTERN, digestOf } from '../content/digest.ts';
import { SkerryError } from '../errors.ts';
import { JSON_BOUNDS } from '../json/bounded-json.ts';
import { schema } from '../json/schema.ts';
import { signedGrantSchema } from '../log/grant.ts';
import { headSchema } from '../log/head.ts';
import { STATEMENT_KIND_PATTERN } from '../log/statement-kind.ts';
import { type PublicKey, SIGNATURE_PATTERN, type SigningKey, signText, verifyText } from '../signing/keys.ts';
import { NONCE_PATTERN } from '../signing/nonce.ts';
import { aliasNameSchema } from '../site/alias.ts';
import { labelsSchema, nameSchema } from '../site/names.ts';
import { scheduleSchema } from '../site/schedule.ts';
import { taskReportSchema } from '../work/assignment.ts';
import { besideSchema, trialSchema } from './rollout-api.ts';

/** The maximum number of statements in one report. */
export const MOST_STATEMENTS = 1000;

const nonceSchema = Type.String({ pattern: NONCE_PATTERN });
/** 32 bytes as base64url: a public key, or the proof of a secret. */
const bytes32 = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' });
const signatureSchema = Type.String({ pattern: SIGNATURE_PATTERN });

/** GET /feed/v1/hello: the receiver that proofs for this feed must name, and a first nonce. */
export const feedHelloSchema = Type.Object({
  edge: Type.Union([nameSchema, Type.Null()], {
    description: 'The parent that answers; null for the origin.',
  }),
  nonce: nonceSchema,
});
export const feedHello = schema(feedHelloSchema);

/** POST /feed/v1/join/hello */
export const joinHelloSchema = Type.Object({ edgeNonce: nonceSchema }, { additionalProperties: false });

/**
 * The origin's statement about itself, made before the origin learns anything about the edge. The signature covers both
 * nonces.
 */
export const originHelloSchema = Type.Object({
  log: Type.String(),
  epoch: Type.Integer(),
  key: Type.Object({ publicKey: Type.String(), recoveryKey: Type.String(), certificate: Type.String() }),
  nonce: nonceSchema,
  sig: signatureSchema,
});
export type OriginHello = Static<typeof originHelloSchema>;
export const originHello = schema(originHelloSchema);

/**
 * POST /feed/v1/join: the request of an edge that wants to be a member. The request has the id of the join token and a
 * proof of the token's secret, but not the secret itself.
 */
export const joinRequestSchema = Type.Object(
  {
    token: Type.String({ pattern: '^[0-9a-f]{12}$' }),
    name: nameSchema,
    region: Type.String({ minLength: 1, maxLength: 63 }),
    lat: Type.Union([Type.Number({ minimum: -90, maximum: 90 }), Type.Null()]),
    lon: Type.Union([Type.Number({ minimum: -180, maximum: 180 }), Type.Null()]),
    labels: Type.Optional(labelsSchema),
    publicKey: bytes32,
    edgeNonce: nonceSchema,
    nonce: nonceSchema,
    proof: bytes32,
    sig: signatureSchema,
  },
  { additionalProperties: false },
);
export type JoinRequest = Static<typeof joinRequestSchema>;
export type NewMember = Pick<JoinRequest, 'name' | 'region' | 'lat' | 'lon' | 'labels' | 'publicKey'>;

/** A member that is not revoked. */
const memberKeySchema = Type.Object({ name: nameSchema, publicKey: bytes32 });
export type MemberKey = Static<typeof memberKeySchema>;

/** `sig` is the origin's signature over the whole request, `seq` and `members`. */
export const joinAnswerSchema = Type.Object({
  seq: Type.Integer({ description: 'The `member` record that admits this edge.' }),
  members: Type.Array(memberKeySchema, {
    description: 'All members by name, so that the edge knows a parent before it has read the log.',
  }),
  head: headSchema,
  sig: signatureSchema,
});
export type JoinAnswer = Static<typeof joinAnswerSchema>;
export const joinAnswer = schema(joinAnswerSchema);

/** A report with this many sites still has room for statements. */
export const MAX_REPORTED_SITES = 4500;
export const MAX_ERROR = 200;
/** A report names at most this many aliases, of all sites together: those that were moved last. */
export const MOST_REPORTED_ALIASES = 300;

/** The state of one site at an edge. Revision 0 with a null root means that nothing is visible yet. */
const siteReportSchema = Type.Object({
  site: Type.Integer(),
  revision: Type.Integer(),
  target: Type.Integer({ description: 'The revision that the edge works towards.' }),
  prepared: Type.Integer({
    description:
      'The revision that is whole and verified at the edge and waits for its activation; 0 for none.',
  }),
  pendingBytes: Type.Integer({ description: 'Bytes of objects still to fetch for the target.' }),
  error: Type.Union([Type.String({ maxLength: MAX_ERROR }), Type.Null()]),
  aliases: Type.Optional(
    Type.Array(Type.Tuple([aliasNameSchema, Type.Integer({ minimum: 1 })]), {
      maxItems: MOST_REPORTED_ALIASES,
      description:
        'The aliases under which the edge shows something, each with its revision. Absent for none.',
    }),
  ),
});
export type SiteReport = Static<typeof siteReportSchema>;

/**
 * The maximum number of sites, and of path prefixes, to which an edge may limit itself. `wants.ts` bounds their length.
 */
export const MOST_LIMITS = 2048;

/** The settings that limit what an edge replicates, and when it does so. */
export const edgeLimitsSchema = Type.Object({
  sites: Type.Union([Type.Array(nameSchema, { maxItems: MOST_LIMITS }), Type.Null()], {
    description: 'The sites that the edge replicates; null for all.',
  }),
  prefixes: Type.Union([Type.Array(Type.String(), { maxItems: MOST_LIMITS }), Type.Null()], {
    description: 'The path prefixes of the objects that the edge holds; null for all.',
  }),
  delay: Type.Number({ description: 'How many seconds the edge stays behind the origin.' }),
  rate: Type.Union([Type.Integer(), Type.Null()], {
    description: 'How many bytes per second the edge may fetch; null for no limit.',
  }),
  schedule: Type.Union([scheduleSchema, Type.Null()]),
  storage: Type.Union([Type.Literal('full'), Type.Literal('lazy')], {
    description:
      'A `full` edge holds every object. A `lazy` edge holds every manifest, and fetches objects when readers ask for them.',
  }),
});
export type EdgeLimits = Static<typeof edgeLimitsSchema>;

/** The limits of an edge that replicates everything at once. */
export const NO_LIMITS: EdgeLimits = {
  sites: null,
  prefixes: null,
  delay: 0,
  rate: null,
  schedule: null,
  storage: 'full',
};

/** Something that an edge refused, with a code of shared/errors.ts. */
export const faultSchema = Type.Object({
  time: Type.Integer(),
  code: Type.String({ maxLength: 40 }),
  message: Type.String({ maxLength: 500 }),
  upstream: Type.String({ maxLength: 300, description: 'The URL of the feed that caused the fault.' }),
});
export type Fault = Static<typeof faultSchema>;

/** A statement that an edge signed for the origin to keep; see shared/log/statements.ts. */
const statementSchema = Type.Object({
  kind: Type.String({
    pattern: STATEMENT_KIND_PATTERN,
    description: 'The kind of the statement. Receivers ignore kinds that they do not know.',
  }),
  body: Type.Object({}, { description: 'The statement, which has its own signature.' }),
});

/** A report counts the responses of at most this many sites: those with the most responses. */
export const MOST_COUNTED_SITES = 500;

const count = Type.Integer({ minimum: 0 });

/** Responses of one site under the visible revision: site, revision, responses, errors (5xx), bytes of bodies. */
const siteCountsSchema = Type.Tuple([count, count, count, count, count]);
export type SiteCounts = Static<typeof siteCountsSchema>;

/** The longest name of a file that a report gives. */
export const MOST_CERTIFICATE_FILE = 300;

/**
 * The resources that an edge uses, and the responses that its readers got. Edges sample these values every few seconds.
 * Counts begin at zero when the edge starts.
 */
export const edgeUseSchema = Type.Object({
  contactSeconds: Type.Union([Type.Number(), Type.Null()], {
    description: 'Seconds since the edge last heard from the origin through its upstream; null before that.',
  }),
  disk: Type.Union([Type.Object({ free: count, total: count }), Type.Null()], {
    description: 'Bytes of the file system of the data folder.',
  }),
  memory: Type.Integer({ minimum: 0, description: 'Resident bytes of all processes of the edge.' }),
  cpu: Type.Number({
    minimum: 0,
    description: 'Seconds of processor time that its living processes have used.',
  }),
  files: Type.Object(
    { open: count, most: count },
    { description: 'Open file descriptors of the process that is nearest to its limit, and that limit.' },
  ),
  certificate: Type.Optional(
    Type.Object(
      { file: Type.String({ maxLength: MOST_CERTIFICATE_FILE }), expires: Type.Integer() },
      {
        description:
          'The certificate for readers that expires first: its file in the folder of certificates, and milliseconds since 1970. Absent for an edge without certificates.',
      },
    ),
  ),
  requests: Type.Integer({ minimum: 0, description: 'Answers to readers.' }),
  errors: Type.Integer({ minimum: 0, description: 'Those of them with a status of 5xx.' }),
  misses: Type.Integer({
    minimum: 0,
    description: 'Requests for an object that was not complete on the disk of a lazy edge.',
  }),
  sites: Type.Array(siteCountsSchema, {
    maxItems: MOST_COUNTED_SITES,
    description:
      'For each site: its id, the visible revision, and under this revision the answers, the errors (5xx) and the bytes of bodies.',
  }),
});
export type EdgeUse = Static<typeof edgeUseSchema>;

/** The maximum number of hot objects that a lazy edge reports, and the maximum length of their paths. */
export const MOST_HOT_OBJECTS = 16;
export const MOST_HOT_PATH = 200;
/** An edge does not name objects with fewer requests per minute. */
export const LEAST_HOT_PER_MINUTE = 10;

/** An object that readers ask for: site, path, digest, and requests per minute. */
const hotObjectSchema = Type.Tuple([
  count,
  Type.String({ maxLength: MOST_HOT_PATH }),
  Type.String({ pattern: DIGEST_PATTERN }),
  count,
]);
export type HotObject = Static<typeof hotObjectSchema>;

/** The maximum number of revisions on trial that a report counts. As many rollouts may be open. */
export const MOST_TRIALS = 100;

/** The state of an edge, signed by the edge. It is sent at each change and every few seconds. */
const edgeReportSchema = Type.Object({
  time: Type.Integer({ description: 'Milliseconds since 1970; higher in each report of an edge.' }),
  position: Type.Integer({ minimum: 0 }),
  hash: Type.String({
    pattern: DIGEST_PATTERN,
    description: 'The hash of the record at the position; 64 zeros at position 0.',
  }),
  head: Type.Union([headSchema, Type.Null()], {
    description: 'The newest head that the edge has. It proves how far the origin had written the log.',
  }),
  version: Type.String({ maxLength: 40 }),
  parent: Type.Union([nameSchema, Type.Null()], {
    description: 'The edge that this edge follows; null for the origin.',
  }),
  limits: edgeLimitsSchema,
  offset: Type.Optional(
    Type.Union([Type.Integer(), Type.Null()], {
      description:
        "How many milliseconds the edge's clock is ahead of the origin's; null until the edge knows it.",
    }),
  ),
  use: Type.Optional(edgeUseSchema),
  hot: Type.Optional(
    Type.Array(hotObjectSchema, {
      maxItems: MOST_HOT_OBJECTS,
      description:
        'The objects that readers of a lazy edge ask for most. The edge reports them twice a minute.',
    }),
  ),
  trials: Type.Optional(
    Type.Array(trialSchema, {
      maxItems: MOST_TRIALS,
      description: 'What readers met under revisions that this edge shows in a rollout.',
    }),
  ),
  beside: Type.Optional(
    Type.Array(besideSchema, {
      maxItems: MOST_TRIALS,
      description: 'How quick this edge answers under the base of rollouts that other edges show.',
    }),
  ),
  sites: Type.Array(siteReportSchema, { maxItems: MAX_REPORTED_SITES }),
  faults: Type.Array(faultSchema, { maxItems: 20, description: 'The newest faults, oldest first.' }),
  tasks: Type.Optional(taskReportSchema),
  statements: Type.Array(statementSchema, { maxItems: MOST_STATEMENTS }),
});
export type EdgeReport = Static<typeof edgeReportSchema>;
export const edgeReports = schema(edgeReportSchema);

/** A full report has 33,000 values of sites and some 15,000 of statements. */
const REPORT_VALUES = 100_000;

/**
 * The limit for the body of a request with reports, and for one report in it. The sender's own report leaves room for
 * any report that it relays. Parsing a larger body would block the event loop for too long.
 */
export const MAX_REPORTS_BYTES = 1536 * 1024;
export const MAX_REPORT_BYTES = 764 * 1024;

/** The bytes that a report takes in the body of a request. */
export function reportBytes(report: SignedReport): number {
  return Buffer.byteLength(JSON.stringify(report));
}

/** A report as it is sent. Parents relay the reports of their children unchanged. */
const signedReportSchema = Type.Object({
  edge: nameSchema,
  text: Type.String({ maxLength: MAX_REPORT_BYTES, description: 'The JSON text of an edge report.' }),
  sig: Type.String({ pattern: SIGNATURE_PATTERN }),
});
export type SignedReport = Static<typeof signedReportSchema>;

export function signReport(log: string, edge: string, report: EdgeReport, key: SigningKey): SignedReport {
  const text = JSON.stringify(report);
  return { edge, text, sig: signText(key, reportText(log, edge, text)) };
}

/** The report, if the edge signed it. Throws `bad-request` otherwise, with `isUnsigned` in its details. */
export function verifiedReport(log: string, { edge, text, sig }: SignedReport, key: PublicKey): EdgeReport {
  if (!verifyText(key, reportText(log, edge, text), sig))
    throw new SkerryError('bad-request', `a report of ${edge} is not signed by that edge`, {
      details: { isUnsigned: true },
    });
  return edgeReports.parseText(text, 'bad-request', { ...JSON_BOUNDS, values: REPORT_VALUES });
}

function reportText(log: string, edge: string, text: string): string {
  return JSON.stringify(['skerry-report-1', log, edge, digestOf(text)]);
}

/** The maximum number of reports in one request, including the sender's own. */
const MOST_REPORTS = 1000;

/** POST /feed/v1/report: the sender's own report first, then those that it relays. */
export const reportRequestSchema = Type.Object(
  { reports: Type.Array(signedReportSchema, { minItems: 1, maxItems: MOST_REPORTS }) },
  { additionalProperties: false },
);

/**
 * The maximum bytes of all lists of assignments in one response to reports. If there is no room for an edge's list, the
 * edge asks again.
 */
export const MOST_LISTS_BYTES = 1024 * 1024;

/** The origin's grants, one for each report whose signer it knows. */
export const reportAnswerSchema = Type.Object({
  grants: Type.Array(signedGrantSchema, { maxItems: MOST_REPORTS }),
});
export type ReportAnswer = Static<typeof reportAnswerSchema>;
export const reportAnswer = schema(reportAnswerSchema);

/** The short names of at most MAX_BUNDLE_OBJECTS objects, 8 bytes each, as base64url. */
const names = Type.String({ pattern: '^[A-Za-z0-9_-]*$', maxLength: 43_692 });

/**
 * POST /feed/v1/bundle. `dictionary` names objects that the sender holds, and the header `Available-Dictionary` has the
 * digest of their concatenation. The response may then be encoded against this concatenation (`dcz`, RFC 9842).
 */
export const bundleRequestSchema = Type.Object(
  { objects: names, dictionary: Type.Optional(names) },
  { additionalProperties: false },
);

/** POST /feed/v1/sites/:site/revisions/:revision/leaves */
export const leavesRequestSchema = Type.Object(
  { nodes: Type.Array(Type.Integer({ minimum: 0, maximum: 255 }), { minItems: 1, maxItems: 256 }) },
  { additionalProperties: false },
);

/** POST /feed/v1/sites/:site/revisions/:revision/entries */
export const entriesRequestSchema = Type.Object(
  { leaves: Type.Array(Type.Integer({ minimum: 0, maximum: 65_535 }), { minItems: 1, maxItems: 4096 }) },
  { additionalProperties: false },
);
