import t from 'tap';
import { s3Location } from '../../../../../origin/store/s3/location.ts';

t.test('places in S3', async (t) => {
  for (const [text, bucket, prefix, url] of [
    ['s3://releases', 'releases', '', 's3://releases/'],
    ['s3://releases/', 'releases', '', 's3://releases/'],
    ['s3://my.bucket-1/a/b', 'my.bucket-1', 'a/b/', 's3://my.bucket-1/a/b'],
    ['s3://releases/a//', 'releases', 'a/', 's3://releases/a'],
  ] as const) {
    t.strictSame(s3Location(text), { url, bucket, prefix }, text);
  }
});

t.test('what is none', async (t) => {
  for (const text of [
    ...['', 'releases', 's3:/releases', 's3://', 's3://a', 's3://Releases/x', 's3://-releases'],
    ...['s3://releases/a//b', 's3://releases/a b', 's3://releases/a?b', 'http://releases/x', 's3:///x'],
  ]) {
    t.throws(() => s3Location(text), { code: 'bad-config', message: /give s3:\/\/BUCKET\/PREFIX/ }, text);
  }
});
