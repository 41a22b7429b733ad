import t from 'tap';
import { isFingerprinted, isImmutableName } from '../../../../shared/content/asset-name.ts';

const table: [path: string, isFingerprinted: boolean, isImmutable: boolean][] = [
  ['app.3f2a9bc1.js', true, true],
  ['assets/index-BkZx81Qa.js', true, true],
  ['assets/index-D-3kdAb9x1.js', true, true],
  ['main.3f2a9bc1.chunk.css', true, true],
  ['logo_x-12ab34cd.svg', true, true],
  ['a/b.0123456789abcdef0123456789abcdef.png', true, true],
  // Dates, versions and words.
  ['report-2024-01-15.pdf', true, false],
  ['photo.20240115.jpg', true, false],
  ['my-component-name2.js', true, false],
  ['jquery-3.6.0.min.js', false, false],
  ['app.js', false, false],
  ['app.abcdefgh.js', false, false],
  ['app.3f2a9bc.js', false, false],
  ['3f2a9bc1.js', false, false],
  ['app.3f2a9bc1', false, false],
  ['v1.3f2a9bc1.d/app.js', false, false],
  ['', false, false],
];

for (const [path, expected, immutable] of table) {
  t.test(path, async (t) => {
    t.equal(isFingerprinted(path), expected);
    t.equal(isImmutableName(path), immutable);
  });
}
