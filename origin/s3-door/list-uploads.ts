import { commonPrefix } from '../catalog/bucket-listing.ts';
import { MOST_MULTIPARTS } from '../catalog/limits.ts';
import type { Multipart } from '../catalog/multipart-calls.ts';
import { countIn } from './list-operations.ts';
import { type Operation, readsSite, xml } from './operation.ts';
import { OWNER } from './probes.ts';
import { escapedPath } from './protocol/target.ts';
import { xmlDocument } from './protocol/write-xml.ts';

type Item = { readonly upload: Multipart } | { readonly rolled: string };

export const listUploads: Operation = {
  need: readsSite,
  async run(call) {
    const { target, context } = call;
    const { query } = target;
    const site = await call.site();
    const most = countIn(query.get('max-uploads'), 'max-uploads');
    const prefix = query.get('prefix') ?? '';
    const delimiter = query.get('delimiter') ?? '';
    const marker = query.get('key-marker') ?? '';
    const id = query.get('upload-id-marker') ?? '';
    const encode = query.get('encoding-type') === 'url' ? escapedPath : (text: string) => text;
    // Without an id, all uploads of the marker's path are behind the marker.
    const after = { path: marker, id: marker !== '' && id === '' ? '~' : id };
    const open = await context.catalog.multiparts(site.id, prefix, after, MOST_MULTIPARTS);
    const items = rolledUp(open, { prefix, delimiter }, marker);
    const shown = items.slice(0, most);
    const last = items.length > most ? shown.at(-1) : undefined;
    return xml(
      xmlDocument('ListMultipartUploadsResult', {
        Bucket: site.name,
        KeyMarker: encode(marker),
        UploadIdMarker: id,
        ...(last && {
          NextKeyMarker: encode('upload' in last ? last.upload.path : last.rolled),
          NextUploadIdMarker: 'upload' in last ? last.upload.id : '',
        }),
        Prefix: encode(prefix),
        ...(delimiter !== '' && { Delimiter: encode(delimiter) }),
        MaxUploads: most,
        ...(query.has('encoding-type') && { EncodingType: 'url' }),
        IsTruncated: last !== undefined,
        Upload: shown.flatMap((item) =>
          'upload' in item
            ? {
                Key: encode(item.upload.path),
                UploadId: item.upload.id,
                Initiator: OWNER,
                Owner: OWNER,
                StorageClass: 'STANDARD',
                Initiated: new Date(item.upload.created).toISOString(),
              }
            : [],
        ),
        CommonPrefixes: shown.flatMap((item) => ('rolled' in item ? { Prefix: encode(item.rolled) } : [])),
      }),
    );
  },
};

/** The uploads in their order, with one common prefix for all paths that begin with it. */
function rolledUp(
  uploads: readonly Multipart[],
  query: { readonly prefix: string; readonly delimiter: string },
  marker: string,
): Item[] {
  const items: Item[] = [];
  let listed = marker;
  for (const upload of uploads) {
    const rolled = commonPrefix(upload.path, query);
    if (rolled === undefined) items.push({ upload });
    else if (rolled !== listed) items.push({ rolled });
    listed = rolled ?? listed;
  }
  return items;
}
