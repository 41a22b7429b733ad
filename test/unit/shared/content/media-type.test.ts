import t from 'tap';
import { isCompressibleType, knownMediaType, mediaType } from '../../../../shared/content/media-type.ts';

/** What sites are made of. */
const COMMON: readonly [ending: string, type: string, isCompressible: boolean][] = [
  ['html', 'text/html', true],
  ['css', 'text/css', true],
  ['js', 'text/javascript', true],
  ['mjs', 'text/javascript', true],
  ['json', 'application/json', true],
  ['map', 'application/json', true],
  ['webmanifest', 'application/manifest+json', true],
  ['geojson', 'application/geo+json', true],
  ['svg', 'image/svg+xml', true],
  ['xml', 'application/xml', true],
  ['atom', 'application/atom+xml', true],
  ['rss', 'application/rss+xml', true],
  ['txt', 'text/plain', true],
  ['md', 'text/markdown', true],
  ['csv', 'text/csv', true],
  ['vtt', 'text/vtt', true],
  ['yaml', 'text/yaml', true],
  ['ics', 'text/calendar', true],
  ['wasm', 'application/wasm', true],
  ['ico', 'image/vnd.microsoft.icon', true],
  ['ttf', 'font/ttf', true],
  ['otf', 'font/otf', true],
  ['eot', 'application/vnd.ms-fontobject', true],
  ['glb', 'model/gltf-binary', true],
  ['woff', 'font/woff', false],
  ['woff2', 'font/woff2', false],
  ['png', 'image/png', false],
  ['jpg', 'image/jpeg', false],
  ['gif', 'image/gif', false],
  ['webp', 'image/webp', false],
  ['sql', 'application/sql', true],
  ['ttc', 'font/collection', true],
  ['obj', 'model/obj', true],
  ['tex', 'application/x-tex', true],
  ['yaml', 'text/yaml', true],
  ['avif', 'image/avif', false],
  ['mp3', 'audio/mpeg', false],
  ['mp4', 'video/mp4', false],
  ['webm', 'video/webm', false],
  ['pdf', 'application/pdf', false],
  ['zip', 'application/zip', false],
  ['gz', 'application/gzip', false],
  ['bin', 'application/octet-stream', false],
];

for (const [ending, type, isCompressible] of COMMON) {
  t.equal(mediaType(`a/b.${ending}`), type, ending);
  t.equal(isCompressibleType(type), isCompressible, type);
}

t.test('names that stand for no type', async (t) => {
  for (const path of ['a/LICENSE', 'a/b.unheard-of', 'a.css/b', 'a/html']) {
    t.equal(knownMediaType(path), undefined, path);
    t.equal(mediaType(path), 'application/octet-stream', path);
  }
  t.equal(mediaType('A.HTML'), 'text/html', 'endings have no case');
});

t.test('types that the database does not know', async (t) => {
  for (const type of ['text/x-own', 'application/x-own+json', 'application/x-own+xml'])
    t.equal(isCompressibleType(type), true, type);
  for (const type of ['application/x-own', 'constructor', '__proto__', ''])
    t.equal(isCompressibleType(type), false, type);
});
t.end();
