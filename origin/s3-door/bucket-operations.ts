import { Type } from 'typebox';
import { schema } from '../../shared/json/schema.ts';
import { NAME_PATTERN } from '../../shared/site/name-pattern.ts';
import { permits, readRights } from '../access/permission.ts';
import { checkAclHeaders } from './acl.ts';
import { nameIn, numberIn, tokenOf } from './list-operations.ts';
import { type Call, type Operation, readsSite, xml } from './operation.ts';
import { Incoming } from './payload/incoming.ts';
import { OWNER } from './probes.ts';
import { readXml } from './protocol/read-xml.ts';
import { S3Error } from './protocol/s3-error.ts';
import { xmlDocument } from './protocol/write-xml.ts';
import { receivedBytes } from './write-operations.ts';

/** What a request for a bucket costs in the log: the record of its settings. */
const SETTINGS_COST = 1024;
const CONFIGURATION_BYTES = 16 * 1024;
const name = new RegExp(NAME_PATTERN);
const LEAST_NAME = 3;
const MOST_BUCKETS = 10_000;
const configuration = schema(
  Type.Object({ LocationConstraint: Type.Optional(Type.String({ maxLength: 64 })) }),
);

export const listBuckets: Operation = {
  need: () => ({ kind: 'overview' }),
  async run({ context, signer, target: { query } }) {
    const readable = readRights(signer.token.scopes);
    const prefix = query.get('prefix') ?? '';
    const most = Math.min(numberIn(query.get('max-buckets'), 'max-buckets', MOST_BUCKETS), MOST_BUCKETS);
    const token = query.get('continuation-token');
    const after = token ? nameIn(token) : '';
    const found = (await context.catalog.sites()).filter(
      ({ name }) => (readable === 'all' || readable.has(name)) && name.startsWith(prefix) && name > after,
    );
    const shown = found.slice(0, most);
    const last = found.length > most ? shown.at(-1) : undefined;
    const Bucket = shown.map((site) => ({
      Name: site.name,
      CreationDate: new Date(site.created).toISOString(),
    }));
    return xml(
      xmlDocument('ListAllMyBucketsResult', {
        Owner: OWNER,
        Buckets: { Bucket },
        ...(prefix !== '' && { Prefix: prefix }),
        ...(last && { ContinuationToken: tokenOf(last.name) }),
      }),
    );
  },
};

export const createBucket: Operation = {
  need: (site) => ({ kind: 'publish', site }),
  async run({ context, target, body, headers, signer }) {
    const { catalog, clock, allowance, noteAct } = context;
    const { bucket = '' } = target;
    if (!name.test(bucket) || bucket.length < LEAST_NAME) throw new S3Error('InvalidBucketName');
    checkBucketHeaders(headers);
    const bytes = await receivedBytes(new Incoming(body, headers, signer), CONFIGURATION_BYTES);
    if (bytes.length > 0) readXml(bytes, { name: 'CreateBucketConfiguration', items: 0 }, configuration);
    const known = (await catalog.sites()).some((site) => site.name === bucket);
    // Some clients send `private`, the default, whether the bucket exists or not.
    if (known && (headers['x-amz-acl'] ?? 'private') !== 'private') throw new S3Error('BucketAlreadyExists');
    if (!known) {
      allowance.spend(bucket, SETTINGS_COST);
      await catalog.putSite(bucket, undefined, clock.now());
      noteAct('site-set', { site: bucket });
    }
    return { headers: { location: `/${bucket}` } };
  },
};

function checkBucketHeaders(headers: Call['headers']): void {
  checkAclHeaders(headers);
  const ownership = headers['x-amz-object-ownership'] ?? 'BucketOwnerEnforced';
  if (headers['x-amz-bucket-object-lock-enabled'] === 'true' || ownership !== 'BucketOwnerEnforced')
    throw new S3Error('NotImplemented');
}

export const headBucket: Operation = {
  need: readsSite,
  async run(call) {
    await call.site();
    return { headers: { 'x-amz-bucket-region': 'us-east-1' } };
  },
};

/** A token that may publish to a site may delete it while nothing was ever published. Only admins delete others. */
export const deleteBucket: Operation = {
  need: (site) => ({ kind: 'publish', site }),
  async run(call) {
    const { committer, allowance, noteAct } = call.context;
    const site = await call.site();
    allowance.spend(site.name, SETTINGS_COST);
    const unpublished = !permits(call.signer.token.scopes, { kind: 'admin' });
    await committer.deleteSite(site.id, { unpublished, empty: true });
    noteAct('site-delete', { site: site.name });
    return { status: 204 };
  },
};
