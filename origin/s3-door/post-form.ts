import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { requirePermission } from '../access/permission.ts';
import { COMMIT_KEY } from '../buckets/commit-markers.ts';
import type { SiteRow } from '../catalog/site-calls.ts';
import type { S3Context } from './context.ts';
import { putPath } from './key.ts';
import { checkHeaders, objectMeta, storedHeaders } from './object-headers.ts';
import { type Answer, changesPath, xml } from './operation.ts';
import { type Form, readForm } from './payload/form.ts';
import { asHeader } from './protocol/header-text.ts';
import { S3Error } from './protocol/s3-error.ts';
import { escapedPath, targetOf } from './protocol/target.ts';
import { xmlDocument } from './protocol/write-xml.ts';
import { proveToken } from './signing/authenticate.ts';
import { formClaim } from './signing/form-signature.ts';
import { checkPolicy, type PostPolicy, readPolicy } from './signing/post-policy.ts';
import { tagsOfDocument } from './tags.ts';
import { done } from './write-operations.ts';

const MOST_BYTES = 5 * 1024 ** 3;
const CHECKSUM = 'x-amz-checksum-';
const FILE_NAME = `$\{filename}`;

/**
 * Puts the file of a form that a browser sends. Its fields have a policy, which the holder of a token has signed. Nothing
 * of the file is read before the policy, its signature and the rights of the token are checked.
 */
export async function postForm(
  request: Pick<FastifyRequest, 'raw' | 'headers' | 'body' | 'client'>,
  context: S3Context,
): Promise<Answer> {
  const { bucket, key: path } = targetOf(request.raw.url ?? '/', request.headers.host ?? '');
  if (bucket === undefined || path !== undefined) throw new S3Error('MethodNotAllowed');
  const form = await readForm(request.body as Readable, request.headers['content-type'] ?? '');
  const fields = withFileName(form);
  const claim = formClaim(fields);
  const names = { token: claim.token, bucket, path: undefined };
  const signed = { client: request.client, signature: claim.signature, names };
  const { token, rows } = await proveToken(signed, claim.sign, context);
  const policy = readPolicy(fields.get('policy') ?? '');
  checkPolicy(policy, fields, bucket, context.clock.now());
  const key = fields.get('key');
  if (key === undefined || key === '')
    throw new S3Error('InvalidArgument', "Bucket POST must contain a field named 'key'.");
  requirePermission(token.scopes, changesPath(bucket, key));
  if (rows.site === undefined) throw new S3Error('NoSuchBucket');
  const etag = await put(context, { site: rows.site, key, fields, form, policy });
  return answered(fields, { bucket, key, etag });
}

/** A text in the key stands for the name of the file. */
function withFileName({ fields, fileName }: Form): ReadonlyMap<string, string> {
  const key = fields.get('key')?.replaceAll(FILE_NAME, () => fileName);
  return new Map([...fields, ...(key === undefined ? [] : [['key', key] as const])]);
}

interface Posted {
  readonly site: SiteRow;
  readonly key: string;
  readonly fields: ReadonlyMap<string, string>;
  readonly form: Form;
  readonly policy: PostPolicy;
}

async function put(context: S3Context, { site, key, fields, form, policy }: Posted): Promise<string> {
  const headers = Object.fromEntries([...fields].map(([name, value]) => [name, asHeader(value)]));
  const acl = fields.get('acl');
  if (acl !== undefined) headers['x-amz-acl'] = acl;
  checkHeaders(headers);
  const unknown = [...fields.keys()].find((name) => name.startsWith(CHECKSUM));
  if (unknown !== undefined) throw new S3Error('InvalidRequest', `${unknown} is not supported in forms.`);
  if (key === COMMIT_KEY) throw new S3Error('InvalidArgument', 'A form cannot put the marker of a commit.');
  const stored = storedHeaders(headers);
  const tagging = fields.get('tagging');
  const tags = tagging === undefined ? undefined : tagsOfDocument(Buffer.from(tagging));
  const meta = objectMeta({ headers: stored, ...(tags && { tags }) });
  const md5 = createHash('md5');
  const changed = await context.objects.put(site, putPath(key), {
    ...{ size: undefined, expected: undefined, condition: {} },
    body: sized(form, policy, (piece) => md5.update(piece)),
    etag: () => md5.digest('hex'),
    meta: () => meta,
  });
  return done(changed).etag;
}

async function* sized(
  form: Form,
  { sizes }: PostPolicy,
  pass: (piece: Buffer) => void,
): AsyncGenerator<Buffer> {
  let came = 0;
  for await (const piece of form.fileBytes()) {
    came += piece.length;
    if (came > Math.min(sizes.most, MOST_BYTES)) throw new S3Error('EntityTooLarge');
    pass(piece);
    yield piece;
  }
  if (came < sizes.least) throw new S3Error('EntityTooSmall');
}

function answered(
  fields: ReadonlyMap<string, string>,
  { bucket, key, etag }: { bucket: string; key: string; etag: string },
): Answer {
  const quoted = `"${etag}"`;
  const redirect = fields.get('success_action_redirect') ?? fields.get('redirect');
  if (redirect !== undefined && URL.canParse(redirect)) {
    const location = new URL(redirect);
    for (const [name, value] of Object.entries({ bucket, key, etag: quoted }))
      location.searchParams.append(name, value);
    return { status: 303, headers: { etag: quoted, location: location.href } };
  }
  const location = `/${bucket}/${escapedPath(key)}`;
  const headers = { etag: quoted, location };
  const status = fields.get('success_action_status');
  if (status !== '201') return { status: status === '200' ? 200 : 204, headers };
  const answer = xml(
    xmlDocument('PostResponse', { Location: location, Bucket: bucket, Key: key, ETag: quoted }, ''),
  );
  return { ...answer, status: 201, headers: { ...answer.headers, ...headers } };
}
