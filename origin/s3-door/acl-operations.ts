import { Type } from 'typebox';
import { schema } from '../../shared/json/schema.ts';
import { checkAclHeaders } from './acl.ts';
import { type Call, changesPath, type Operation, readsSite, xml } from './operation.ts';
import { Incoming } from './payload/incoming.ts';
import { aclDocument, OWNER } from './probes.ts';
import { readXml } from './protocol/read-xml.ts';
import { S3Error } from './protocol/s3-error.ts';
import { objectAt } from './read-operations.ts';
import { receivedBytes } from './write-operations.ts';

const DOCUMENT_BYTES = 64 * 1024;
/** As at S3. */
const MOST_GRANTS = 100;

const policy = schema(
  Type.Object({
    AccessControlList: Type.Object({
      Grant: Type.Array(
        Type.Object({
          Grantee: Type.Object({ ID: Type.Optional(Type.String()) }),
          Permission: Type.String(),
        }),
        { minItems: 1, maxItems: MOST_GRANTS },
      ),
    }),
  }),
);

/** The ACL of the bucket, or of the object. */
export const getAcl: Operation = {
  need: readsSite,
  async run(call) {
    await existing(call);
    return xml(aclDocument());
  },
};

/** Accepts the ACL that everything has already. */
export const putAcl: Operation = {
  need: (site, key) => (key === '' ? { kind: 'upload', site } : changesPath(site, key)),
  async run(call) {
    const { headers, body, signer } = call;
    checkAclHeaders(headers);
    const bytes = await receivedBytes(new Incoming(body, headers, signer), DOCUMENT_BYTES);
    if (bytes.length > 0) checkDocument(bytes);
    else if (headers['x-amz-acl'] === undefined)
      throw new S3Error('MissingSecurityHeader', 'Your request was missing a required header: x-amz-acl');
    await existing(call);
    return {};
  },
};

function checkDocument(bytes: Buffer): void {
  const { AccessControlList } = readXml(bytes, { name: 'AccessControlPolicy', items: MOST_GRANTS }, policy);
  for (const { Grantee, Permission } of AccessControlList.Grant)
    if (Grantee.ID !== OWNER.ID || Permission !== 'FULL_CONTROL')
      throw new S3Error('NotImplemented', 'Grants to others than the owner are not implemented.');
}

async function existing(call: Call): Promise<void> {
  const site = await call.site();
  const { key } = call.target;
  if (key !== undefined) await objectAt(call, site, key);
}
