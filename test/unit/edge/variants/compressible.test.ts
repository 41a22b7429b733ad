import t from 'tap';
import { isCompressible, pays } from '../../../../edge/variants/compressible.ts';

const table: [type: string, size: number, expected: boolean][] = [
  ['text/html', 1000, true],
  ['text/css', 256, true],
  ['text/css', 255, false],
  ['text/plain', 10 * 1024 * 1024, true],
  ['text/plain', 10 * 1024 * 1024 + 1, false],
  ['application/javascript', 1000, true],
  ['application/geo+json', 1000, true],
  ['application/atom+xml', 1000, true],
  ['image/svg+xml', 1000, true],
  ['application/wasm', 1000, true],
  ['font/ttf', 1000, true],
  ['font/woff2', 1000, false],
  ['image/png', 1000, false],
  ['video/mp4', 1000, false],
  ['application/zip', 1000, false],
  ['application/octet-stream', 1000, false],
];
for (const [type, size, expected] of table)
  t.equal(isCompressible({ type, size }), expected, `${type}, ${size} bytes`);
t.ok(pays(900, 1000));
t.notOk(pays(920, 1000));
t.end();
