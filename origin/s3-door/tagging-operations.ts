import type { Tags } from '../catalog/bucket-object.ts';
import { putPath } from './key.ts';
import { storedHeadersOf } from './object-headers.ts';
import { type Answer, type Call, changesPath, type Operation, readsSite, xml } from './operation.ts';
import { Incoming } from './payload/incoming.ts';
import { S3Error } from './protocol/s3-error.ts';
import { checkVersion, objectAt } from './read-operations.ts';
import { tagsDocument, tagsOfDocument } from './tags.ts';
import { receivedBytes } from './write-operations.ts';

const DOCUMENT_BYTES = 64 * 1024;
/** Another client may put an object between the look at it and the change of its tags. */
const ATTEMPTS = 5;

export const getTagging: Operation = {
  need: readsSite,
  async run(call) {
    checkVersion(call);
    const object = await objectAt(call, await call.site(), call.target.key ?? '');
    return xml(tagsDocument(object.detail?.tags));
  },
};

export const putTagging: Operation = {
  need: changesPath,
  async run(call) {
    const { body, headers, signer } = call;
    const bytes = await receivedBytes(new Incoming(body, headers, signer), DOCUMENT_BYTES);
    return tagged(call, tagsOfDocument(bytes), 200);
  },
};

export const deleteTagging: Operation = {
  need: changesPath,
  run: (call) => tagged(call, [], 204),
};

async function tagged(call: Call, tags: Tags, status: number): Promise<Answer> {
  checkVersion(call);
  const { key = '' } = call.target;
  const site = await call.site();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const object = await objectAt(call, site, key);
    const { digest, size, chunks, etag, type, meta } = object;
    const detail = { ...object.detail, headers: storedHeadersOf(object), tags };
    const { outcome } = await call.context.objects.putStored(
      site,
      putPath(key),
      { digest, size, chunks, etag, details: { type, meta }, detail },
      { ifObject: object },
    );
    if (outcome === 'done') return { status };
  }
  throw new S3Error('OperationAborted');
}
