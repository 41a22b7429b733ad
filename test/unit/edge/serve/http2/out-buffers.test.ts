import t from 'tap';
import { LARGEST_BUFFER, OutBuffers } from '../../../../../edge/serve/http2/out-buffers.ts';

const MB = 1024 * 1024;
const SLICE = 256 * 1024;

function take(buffers: OutBuffers, count: number) {
  return Array.from({ length: count }, () => buffers.take(SLICE));
}

t.test('the buffers of 64 connections are used again', (t) => {
  const buffers = new OutBuffers();
  const first = take(buffers, 64);
  for (const buffer of first) buffers.giveBack(buffer);
  const again = new Set(take(buffers, 64));
  t.ok(first.every((buffer) => again.has(buffer)));
  t.end();
});

t.test('unused buffers hold at most 32 MB', (t) => {
  const buffers = new OutBuffers();
  const first = take(buffers, 200);
  for (const buffer of first) buffers.giveBack(buffer);
  const known = new Set(first);
  const kept = take(buffers, 200).filter((buffer) => known.has(buffer));
  t.ok(kept.length * LARGEST_BUFFER <= 32 * MB, `${kept.length}`);
  t.ok(kept.length > 100, `${kept.length}`);
  t.end();
});

t.test('buffers that were not needed since the last time are freed', (t) => {
  const buffers = new OutBuffers();
  const first = take(buffers, 4);
  for (const buffer of first) buffers.giveBack(buffer);
  buffers.trim();
  const [used] = take(buffers, 1);
  if (used !== undefined) buffers.giveBack(used);
  t.ok(used !== undefined && first.includes(used));
  buffers.trim();
  const known = new Set(first);
  t.strictSame(
    take(buffers, 4).map((buffer) => known.has(buffer)),
    [true, false, false, false],
    'one was needed',
  );
  t.end();
});
