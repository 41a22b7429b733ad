/**
 * Every error that leaves a process, with a stable code, an HTTP status, and a hint for the user. Codes are part of the
 * public interface: new ones may be added, but none may be renamed.
 */
const table = {
  'bad-request': [400, 'Check the request against /openapi.json.'],
  'bad-archive': [
    400,
    'Send a whole tar, tar.gz, tar.zst or zip of plain files and folders. Nothing was changed.',
  ],
  'bad-path': [400, 'Rename the file, or leave it out.'],
  'duplicate-path': [400, 'Name each path once.'],
  'bad-meta': [
    400,
    'Store Cache-Control, Content-Disposition, Content-Language and X-Skerry-Meta-* with a file: see docs/delivery.md, "Stored with a file".',
  ],
  'bad-name': [400, 'Use 1 to 63 lower-case letters, digits and inner hyphens.'],
  'bad-domain': [
    400,
    'Give host names of your own without scheme, port or path. A name may begin with `*.`.',
  ],
  'digest-mismatch': [400, 'Hash the file again, and upload the same bytes.'],
  'size-mismatch': [400, 'Declare the size of the object that the digest names.'],
  'truncated-upload': [400, 'Send the whole upload again.'],
  'bad-scope': [
    400,
    'Use admin, read, read:SITE, publish:SITE, publish:SITE/FOLDER/, publish:SITE@ALIAS, domains:HOST or join; separate several with commas. An ALIAS may have one `*`.',
  ],
  'bad-webhook': [
    400,
    'Give an https address on a public host. The origin allows others with --webhook-allow-http and --webhook-allow-private.',
  ],
  'bad-certificate': [
    400,
    'Give a certificate and its key as PEM: with --tls-cert and --tls-key, or in the folder of --certs as NAME.crt and NAME.key, or fullchain.pem and privkey.pem.',
  ],
  'clear-text': [
    400,
    'Give the address as https://…, or use --insecure when something else, such as a VPN, protects the connection.',
  ],
  'bad-config': [400, 'See `skerry help COMMAND` for the options.'],
  'bad-policy': [400, 'Change the settings of the site so that they do not contradict each other.'],
  'bad-purge': [400, 'Give paths, patterns with one * and tags, or purge everything.'],
  'bad-pattern': [400, 'Give published paths, or patterns with one * in them.'],
  'bad-rules': [422, 'Correct the named lines and publish again. Nothing was changed.'],
  'bad-schedule': [400, 'Give a cron expression of five fields and an IANA time zone.'],
  'not-a-folder': [400, 'Name an existing folder.'],
  'symlink-outside': [400, 'Remove the link, or copy what it points to into the folder.'],
  'symlink-loop': [400, 'Remove the link.'],
  'not-a-file': [400, 'Remove sockets, pipes and devices from the folder.'],
  'unreadable-file': [400, 'Let the user that publishes read the file.'],
  'would-shrink': [
    409,
    'Check whether something is emptying or rebuilding the folder. --allow-shrink publishes it as it is. Nothing was changed.',
  ],
  'file-changed': [409, 'Publish again when nothing writes to the folder.'],
  unauthenticated: [
    401,
    'Give a valid token that is neither expired nor revoked: with --token or SKERRY_TOKEN, or over HTTP as `Authorization: Bearer TOKEN`. An edge must be a member.',
  ],
  'bad-admin-token': [
    401,
    "Give the token in `edge-admin-token` of the edge's data folder: with --admin-token @FILE or SKERRY_ADMIN_TOKEN, or over HTTP as `Authorization: Bearer TOKEN`.",
  ],
  'stale-nonce': [401, 'Request /feed/v1/hello, and prove the request with the nonce in its answer.'],
  forbidden: [403, 'Use a token whose scope covers the request.'],
  'cross-site': [403, 'Send the request from a program, or from a page at the same address.'],
  'through-proxy': [403, 'Send the request on the machine itself, without a proxy, or give a token.'],
  'bad-join-token': [403, 'Create a new join token with `skerry token create --scope join`.'],
  'not-found': [404, 'Check the address.'],
  'no-such-site': [
    404,
    'See `skerry sites`. The command `skerry publish` creates a site; over HTTP, `PUT /v1/sites/SITE` does.',
  ],
  'site-published': [409, 'Delete it as admin, with `skerry sites delete SITE`.'],
  'site-not-empty': [409, 'Delete its files first.'],
  'no-such-revision': [404, 'See `skerry revisions SITE`.'],
  'no-such-alias': [404, 'See `skerry aliases SITE`.'],
  'alias-taken': [409, 'Choose another name for the alias.'],
  'too-many-aliases': [409, 'Remove aliases that nobody needs: `skerry aliases SITE --remove NAME`.'],
  'no-such-rollout': [404, 'See `skerry rollout status SITE`.'],
  'rollout-failed': [409, 'See `skerry rollout status SITE`.'],
  'rollout-refused': [409, 'Publish without a rollout: `--rollout none`.'],
  'too-many-rollouts': [409, 'Wait until another rollout has ended, or finish it.'],
  'no-such-purge': [404, 'See `skerry log`.'],
  'no-such-deploy': [404, 'Create a deploy first.'],
  'no-such-file': [404, 'Check the path; paths are case-sensitive.'],
  'no-such-object': [404, 'Upload the object first.'],
  'no-such-token': [404, 'See `skerry token list`.'],
  'too-many-labels': [409, 'Remove labels that nothing needs: `skerry edge label NAME --remove WORD`.'],
  'edge-replaced': [
    401,
    'Another host has the name of this edge now. To use this one again, empty its data folder and join it under another name.',
  ],
  'edge-revoked': [
    401,
    'Remove the edge from this host. To use the host again, empty its data folder and join it with a new token.',
  ],
  'too-many-drained': [
    409,
    'Put one of them back with `skerry edge undrain NAME` when it serves well, or allow more with --at-most.',
  ],
  'not-caught-up': [
    504,
    'The edge is still drained. Look at `skerry edges`, and at the log of the edge on its host.',
  ],
  'no-such-webhook': [404, 'See `skerry webhook list`.'],
  'no-such-edge': [404, 'See `skerry edges`.'],
  'no-such-task': [404, 'See `skerry tasks list`.'],
  'task-expired': [
    504,
    'See `skerry edges` for edges that are away. `skerry tasks retry ID` continues with the edges that have not answered.',
  ],
  'task-failed': [
    500,
    'See `skerry tasks show ID`. `skerry tasks retry ID` begins again what has failed or was cancelled.',
  ],
  'name-taken': [409, 'Choose another name.'],
  'domain-taken': [
    409,
    'A name belongs to one site, even when a wildcard covers it. Remove it from the other site first.',
  ],
  'edge-stays-behind': [409, 'Resume the edge with `skerry edge resume NAME`, or wait for its window.'],
  'deploy-conflict': [
    409,
    'Compare the named paths with the current revision. Then deploy again with it as the base, or commit with `onConflict`: rebase or replace.',
  ],
  'key-in-use': [409, 'Wait until the first request with this Idempotency-Key is answered, then repeat it.'],
  'key-reused': [422, 'Use another Idempotency-Key for another request.'],
  'quota-exceeded': [
    413,
    'Publish less, or let an admin raise the quota: `skerry sites set SITE --max-bytes N`. Nothing was changed.',
  ],
  'completed-upload': [400, 'Send nothing more: the origin has the object.'],
  'offset-mismatch': [409, 'Ask for the offset with HEAD, and send what follows it.'],
  'objects-missing': [409, 'Upload the named objects and commit again.'],
  'nothing-to-roll-back': [409, 'Give the revision to return to with --to.'],
  'port-in-use': [409, 'Stop the program that listens there, or choose another port.'],
  'data-folder-in-use': [409, 'Stop the other process, or choose another --data folder.'],
  'data-folder-newer': [409, 'Use the version of Skerry that wrote it, or a newer one.'],
  'data-folder-foreign': [409, 'Choose another --data folder.'],
  'data-folder-damaged': [
    409,
    'Restore the whole data folder from one backup. An edge can join again with an empty folder instead.',
  ],
  'too-many-tasks': [
    429,
    'Wait until some tasks have ended, or cancel tasks: `skerry tasks list --state open` names them.',
  ],
  'too-many-edges': [409, 'Start a new log: every edge that ever joined counts, even a revoked one.'],
  'too-many-webhooks': [409, 'Delete one that is not needed.'],
  'too-many-pins': [409, 'Unpin revisions that are not needed.'],
  'checkpoint-too-large': [
    409,
    'Delete sites that are not needed, or make their settings smaller. Until then the log is not pruned.',
  ],
  'revision-moved': [412, 'Look at what changed, then try again with the current revision.'],
  'too-large': [413, 'Split the request.'],
  'record-too-large': [413, 'Name fewer things in one request. Nothing was changed.'],
  'too-many-changes': [
    429,
    'Wait as many seconds as `Retry-After` says, and name several paths in one purge.',
  ],
  'too-slow': [408, 'Send the body again, without long pauses.'],
  'foreign-host': [
    421,
    'Use localhost or a loopback address, allow the name with --admin-name, or give a token.',
  ],
  'range-not-satisfiable': [416, 'Ask for a range within the object.'],
  'log-diverged': [
    409,
    'This origin runs on an older copy of its data. Stop it and restore the newest copy, or see docs/operations.md, "An older copy of the origin".',
  ],
  'beyond-log': [
    409,
    'This follower has records that the log lacks: the log was restored from an older copy, or is a different log.',
  ],
  'no-longer-held': [410, 'Ask for a revision that is still held, or compare buckets.'],
  'beyond-parent': [
    409,
    'Follow a parent that holds these sites and paths, or limit this edge to what its parent holds.',
  ],
  'parent-loop': [409, 'This edge is its own ancestor: choose another parent.'],
  'not-yet-held': [503, 'This parent does not have it yet. Ask again.'],
  'log-pruned': [410, 'Start from the checkpoint named in the answer.'],
  // Only an edge reports this error, about its upstream. A server refuses a wrongly signed request with
  // `unauthenticated`.
  'bad-signature': [502, 'The upstream answered with something that the origin did not sign.'],
  'broken-chain': [502, 'The upstream skipped, repeated or altered a record.'],
  'stale-head': [
    502,
    'The upstream passes on no newer head: it is cut off from the origin, or holds the head back.',
  ],
  'silent-feed': [
    502,
    'Something between the edge and its upstream, such as a buffering proxy, holds the stream back or drops data: see docs/operations.md, "Behind a reverse proxy".',
  ],
  'not-the-origin': [
    502,
    'Name the URL of the origin with --origin. A URL of --parent must be that of an edge.',
  ],
  'unknown-critical-record': [502, 'Upgrade this edge.'],
  'root-mismatch': [
    502,
    'The state after a diff differs from what the origin signed. The edge fetches it again.',
  ],
  'corrupt-object': [502, 'The bytes that arrived do not match their digest, and were discarded.'],
  'upstream-protocol': [
    502,
    'The answer of the upstream breaks the protocol. Check its version and the URL.',
  ],
  'too-many-requests': [
    429,
    'Send fewer requests at a time, and wait as long as the answer says before the next.',
  ],
  'too-many-misses': [429, 'Ask again when some of the requested objects have arrived.'],
  unavailable: [503, 'Try again shortly.'],
  'origin-unreachable': [503, 'Start the origin, or name it with --origin or SKERRY_ORIGIN.'],
  'untrusted-certificate': [
    502,
    "Use a token of this origin, which names the origin's CA. For a certificate from another CA, name the file of that CA with --ca, and use a host name that the certificate covers.",
  ],
  'other-log': [
    502,
    'Use a token that this origin has made, or the address of the origin that has made the token. Somebody may be intercepting the connection.',
  ],
  'not-a-member': [
    502,
    'Name the feed of an edge of this log with --parent. Somebody may be intercepting the connection.',
  ],
  'certificate-dates': [
    502,
    'If a clock is wrong, set it, here or at the other end. Otherwise renew the certificate.',
  ],
  'tls-failed': [502, 'Check the address and the port, and what stands between the two hosts.'],
  'not-tls': [
    502,
    'Check the port. If something else protects the connection, give the address as http://…, with --insecure.',
  ],
  'tls-required': [400, 'Give the address as https://….'],
  'no-authority': [
    409,
    'Give a certificate with --tls-cert and --tls-key, or use --insecure when something in front of the origin does TLS.',
  ],
  'not-an-origin': [
    502,
    'Name the address of the origin with --origin or SKERRY_ORIGIN. The default port is 7400: https://HOST:7400, or http://127.0.0.1:7400 on the same machine.',
  ],
  'proxy-refused': [
    502,
    'Something in front of the origin answered in its place: see docs/operations.md, "Behind a reverse proxy".',
  ],
  'edge-unreachable': [503, 'Start the edge, or name its admin port with --admin.'],
  'store-unchanged': [409, '`skerry store migrate` shows where the objects are.'],
  'store-busy': [
    409,
    'Wait until it is done, cancel it with --cancel, or delete the earlier store with --drop-old; --forget leaves its objects there.',
  ],
  'store-not-empty': [409, 'Give a bucket or a prefix that holds nothing. Nothing was changed.'],
  'store-unreachable': [
    503,
    'Check the bucket, its endpoint (AWS_ENDPOINT_URL_S3), region and credentials in the environment.',
  ],
  'disk-full': [507, 'Free some space. Nothing was changed.'],
  unconfirmed: [504, 'See `skerry edges` and `skerry receipts`. An edge that is online continues by itself.'],
  'bad-receipts': [
    422,
    'Nothing in this file is proved. Ask for it again, and compare the fingerprint of the recovery key with one that you know.',
  ],
  'sync-timeout': [504, 'Nothing was committed. Try again, or give the site a longer time-out.'],
  'sync-aborted': [
    504,
    'No edge shows the revision. See `skerry edges`, then publish again, or with --mode async.',
  ],
  internal: [500, 'See the log of the process; this is a fault in Skerry.'],
} as const satisfies Record<string, readonly [status: number, hint: string]>;

export type ErrorCode = keyof typeof table;

export class SkerryError extends Error {
  readonly code: ErrorCode;
  /** Machine-readable details that go into the body of the problem, such as the missing digests. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; details?: Record<string, unknown> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SkerryError';
    this.code = code;
    this.details = options.details ?? {};
  }

  get status(): number {
    return table[this.code][0];
  }

  get hint(): string {
    return table[this.code][1];
  }
}

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(table, code);
}

export function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof SkerryError && error.code === code;
}

/** The `code` that Node, SQLite and undici put on their errors. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

const SQLITE_FULL = 13;
/** The codes SQLITE_CORRUPT and SQLITE_NOTADB. They are in the low byte of an extended code. */
const SQLITE_CORRUPT = [11, 26];
/** SQLITE_IOERR with READ, SHORT_READ, DATA and CORRUPTFS: the disk cannot deliver the bytes of a page. */
const SQLITE_UNREADABLE = [266, 522, 8202, 8458];

/**
 * Turns any thrown value into an error of the table. An unforeseen one becomes `internal`, with the original as its
 * cause.
 */
export function toSkerryError(error: unknown): SkerryError {
  if (error instanceof SkerryError) return error;
  if (isDiskFull(error)) return new SkerryError('disk-full', 'the disk is full', { cause: error });
  if (isDatabaseDamage(error))
    return new SkerryError('data-folder-damaged', `a database is damaged: ${error.message}`, {
      cause: error,
    });
  const message = error instanceof Error ? error.message : String(error);
  return new SkerryError('internal', message, { cause: error });
}

/** Whether SQLite finds its file damaged, or the disk cannot read a page of it. */
export function isDatabaseDamage(error: unknown): error is Error {
  return isCorrupt(error) || SQLITE_UNREADABLE.includes(sqliteCode(error) ?? 0);
}

/** Whether SQLite finds its file damaged. */
export function isCorrupt(error: unknown): error is Error {
  return SQLITE_CORRUPT.includes((sqliteCode(error) ?? 0) & 0xff);
}

function sqliteCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) : undefined;
}

function isDiskFull(error: unknown): boolean {
  const code = systemCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return true;
  return (
    code === 'ERR_SQLITE_ERROR' &&
    error instanceof Error &&
    'errcode' in error &&
    error.errcode === SQLITE_FULL
  );
}

/** An error as it crosses a thread or process boundary, where classes and their fields are lost. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly stack: string | undefined;
}

export function toPlainError(error: unknown): PlainError {
  const known = toSkerryError(error);
  const origin = known.cause instanceof Error ? known.cause : known;
  return { code: known.code, message: known.message, details: known.details, stack: origin.stack };
}

export function fromPlainError(plain: PlainError): SkerryError {
  const cause =
    plain.stack === undefined ? undefined : Object.assign(new Error(plain.message), { stack: plain.stack });
  return new SkerryError(plain.code, plain.message, { cause, details: { ...plain.details } });
}
