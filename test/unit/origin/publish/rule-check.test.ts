import { Readable } from 'node:stream';
import t from 'tap';
import { RuleCheck } from '../../../../origin/publish/rule-check.ts';
import type { ContentPath } from '../../../../shared/content/content-path.ts';
import { digestOf } from '../../../../shared/content/digest.ts';
import { toSkerryError } from '../../../../shared/errors.ts';
import { ruleFaults } from '../../../../shared/site/rules/rule-faults.ts';
import type { ObjectStore } from '../../../../shared/store/object-store.ts';

const file = (path: string, content: string) => ({
  path: path as ContentPath,
  digest: digestOf(content),
  size: content.length,
});

const faultsOf = async (path: ContentPath, content: string) => ruleFaults(path, content);

function storeOf(...contents: string[]) {
  const opened: string[] = [];
  const open: ObjectStore['open'] = async (digest) => {
    opened.push(digest);
    const content = contents.find((one) => digestOf(one) === digest);
    return content === undefined ? undefined : Readable.from([Buffer.from(content)]);
  };
  return { store: { open } as ObjectStore, opened };
}

t.test('a content is read once, however often it is committed', async (t) => {
  const content = '/a\n  B: c\n';
  const { store, opened } = storeOf(content);
  const check = new RuleCheck(store, faultsOf);
  await Promise.all(Array.from({ length: 10 }, () => check.check(1, file('_headers', content))));
  await check.check(2, file('_headers', content));
  t.equal(opened.length, 1);
  await check.check(2, file('index.html', content));
  t.equal(opened.length, 1, 'other files are not looked at');
});

t.test('a site that has much to check waits for itself', async (t) => {
  const contents = Array.from({ length: 40 }, (_, i) => `/${i}\n  B: c\n`);
  const { store, opened } = storeOf(...contents);
  const check = new RuleCheck(store, faultsOf);
  const [last = '', ...flood] = contents;
  const answers = flood.map((content) => check.check(1, file('_headers', content)).catch(toSkerryError));
  await check.check(2, file('_headers', last));
  t.ok(opened.indexOf(digestOf(last)) <= 2, `the other site was number ${opened.indexOf(digestOf(last))}`);
  const refused = (await Promise.all(answers)).filter((answer) => answer !== undefined);
  t.equal(refused.length, 39 - 17, 'one is read and 16 wait');
  t.ok(refused.every((error) => error?.code === 'too-many-requests'));
});

t.test('the first ten faults are told in one line', async (t) => {
  const told = async (count: number) => {
    const content = Array.from({ length: count }, (_, i) => `/${i}\n`).join('');
    const { store } = storeOf(content);
    return toSkerryError(
      await new RuleCheck(store, faultsOf).check(1, file('_redirects', content)).catch((e) => e),
    ).message;
  };
  t.match(await told(1), /^_redirects, line 1: [^;]*$/);
  t.match(await told(10), /^_redirects, line 1: [^;]*(; line \d+: [^;]*){9}$/);
  t.match(await told(15), /^_redirects, line 1: .*; line 10: [^;]*; and 5 more$/);
  t.match(await told(1000), /; line 10: [^;]*; and at least 90 more$/);
});
