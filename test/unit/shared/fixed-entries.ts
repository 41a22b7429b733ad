import type { ContentPath } from '../../../shared/content/content-path.ts';
import { digestOf } from '../../../shared/content/digest.ts';
import type { Entry } from '../../../shared/content/entry.ts';
import { TIME } from './fixed-keys.ts';

function entry(path: string, body: string, type: string): Entry {
  return {
    path: path as ContentPath,
    digest: digestOf(body),
    size: Buffer.byteLength(body),
    chunks: null,
    type,
    meta: [],
    time: TIME,
  };
}

/** The entries of the examples in docs/protocol.md. */
export const indexEntry = entry('index.html', '<h1>Hello</h1>\n', 'text/html');
export const cssEntry = entry('css/site.css', 'body{margin:0}\n', 'text/css');
export const svgEntry = entry('img/ö #1?.svg', '<svg/>\n', 'image/svg+xml');
