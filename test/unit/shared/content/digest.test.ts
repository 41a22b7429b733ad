import t from 'tap';
import {
  digestBytes,
  digestFromBytes,
  digestOf,
  isDigest,
  newHasher,
  toDigest,
} from '../../../../shared/content/digest.ts';

const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
// FIPS 180-2, appendix B.1.
const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

t.test('a digest is SHA-256 in lower-case hex, of text as UTF-8 and of bytes alike', async (t) => {
  t.equal(digestOf(''), EMPTY);
  t.equal(digestOf('abc'), ABC);
  t.equal(digestOf(Buffer.from('abc')), ABC);
  t.equal(digestOf(new Uint8Array([0x78, 0x61, 0x62, 0x63]).subarray(1)), ABC, 'of a view, its part alone');
  t.equal(digestOf('ö'), digestOf(Buffer.from([0xc3, 0xb6])));
});

t.test('a hasher gives the digest of all its pieces', async (t) => {
  t.equal(digestFromBytes(newHasher().update('a').update('bc').digest()), ABC);
});

t.test('raw bytes and hex are two forms of one digest', async (t) => {
  const digest = digestOf('abc');
  t.equal(digestBytes(digest).length, 32);
  t.equal(digestBytes(digest).toString('hex'), ABC);
  t.equal(digestFromBytes(digestBytes(digest)), ABC);
  const inside = Buffer.concat([Buffer.alloc(7), digestBytes(digest), Buffer.alloc(3)]).subarray(7, 39);
  t.equal(digestFromBytes(inside), ABC, 'from within a larger buffer');
});

t.test('bytes of another length are no digest', async (t) => {
  for (const length of [0, 31, 33]) t.throws(() => digestFromBytes(Buffer.alloc(length)), TypeError);
});

t.test('only 64 lower-case hex digits are a digest', async (t) => {
  t.equal(isDigest(ABC), true);
  t.equal(toDigest(ABC), ABC);
  for (const text of [
    '',
    ABC.slice(1),
    `${ABC}0`,
    ABC.toUpperCase(),
    `g${ABC.slice(1)}`,
    ` ${ABC.slice(1)}`,
    `${ABC}\n`,
  ]) {
    t.equal(isDigest(text), false, JSON.stringify(text));
    t.throws(() => toDigest(text), TypeError);
  }
});
