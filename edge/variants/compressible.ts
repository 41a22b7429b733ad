import type { Entry } from '../../shared/content/entry.ts';

/** Below it a reader's packet is as good as empty; above it a variant would hold up its thread for too long. */
const SIZES = { least: 256, most: 10 * 1024 * 1024 };

/** Types beside text/* and those named as JSON or XML whose bytes are not packed already. */
const PACKABLE = new Set([
  ...['application/javascript', 'application/json', 'application/xml', 'application/wasm', 'application/rtf'],
  ...['application/vnd.ms-fontobject', 'application/x-sh', 'application/x-tex', 'application/manifest+json'],
  ...[
    'application/sql',
    'application/graphql',
    'application/toml',
    'application/yaml',
    'application/ld+json',
  ],
  ...['font/ttf', 'font/otf', 'font/collection', 'image/bmp', 'image/x-icon', 'image/vnd.microsoft.icon'],
  ...['image/svg+xml', 'model/gltf-binary', 'model/obj'],
]);

/** Whether compressed variants of an entry are made, if they pay: its name and size tell, without its bytes. */
export function isCompressible({ type, size }: Pick<Entry, 'type' | 'size'>): boolean {
  if (size < SIZES.least || size > SIZES.most) return false;
  return type.startsWith('text/') || PACKABLE.has(type) || /\+(json|xml)$/.test(type);
}

/** A variant has to be smaller than this part of the plain bytes: readers have to decode it. */
const PAYS_BELOW = 0.92;

export const pays = (variantBytes: number, plainBytes: number) => variantBytes < PAYS_BELOW * plainBytes;
