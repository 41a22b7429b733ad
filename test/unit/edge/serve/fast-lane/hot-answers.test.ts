import t from 'tap';
import { ObjectUse } from '../../../../../edge/disk-budget/object-use.ts';
import { HotAnswers } from '../../../../../edge/serve/fast-lane/hot-answers.ts';
import { http1Bytes } from '../../../../../edge/serve/fast-lane/http1-bytes.ts';
import type { PlainGet } from '../../../../../edge/serve/fast-lane/recognise.ts';
import type { SiteHandler } from '../../../../../edge/serve/site/site-handler.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';

function world(prepare: SiteHandler['prepared']) {
  const site: SiteHandler = {
    name: 'pulled',
    answer: () => {
      throw new Error('the fast lane does not ask for it');
    },
    prepared: prepare,
  };
  const answers = new HotAnswers({ tls: undefined, wireOf: (prepared) => http1Bytes(prepared, 65_000) });
  const get = { target: '/a', fields: { key: 'k', host: 'h' }, bytes: 0 } as unknown as PlainGet;
  return { answers, find: () => answers.find(get, { find: () => site }, 0) };
}

t.test(
  'whatever answers a host prepares answers, which are asked for again when they may not be given',
  (t) => {
    let made = 0;
    let isFresh = true;
    const { find, answers } = world(() => {
      made++;
      const body = Buffer.from(`body ${made}`);
      return { status: 200, headers: { 'x-is': 'y' }, body, source: undefined, mayBeGiven: () => isFresh };
    });
    t.match(String(find()?.at(0)), /^HTTP\/1.1 200 OK\r\nx-is: y\r\n[\s\S]*\r\n\r\nbody 1$/);
    t.match(String(find()?.at(0)), /body 1$/);
    t.equal(find()?.site, 'pulled');
    isFresh = false;
    t.match(String(find()?.at(0)), /body 2$/);
    answers.forgetAll();
    isFresh = true;
    t.match(String(find()?.at(0)), /body 3$/);
    t.end();
  },
);

t.test('what is not prepared, or fails to be, is for the full server', (t) => {
  t.equal(world(() => undefined).find(), undefined);
  const failing = world(() => {
    throw new Error('the disk fails');
  });
  t.equal(failing.find(), undefined);
  t.end();
});

t.test('what was sent is counted, and told once', (t) => {
  const source = digestOf('a');
  const { find, answers } = world(() => {
    const body = Buffer.from('a');
    return { status: 200, headers: {}, body, source, mayBeGiven: () => true };
  });
  const use = new ObjectUse(() => 9);
  const told = () => {
    answers.noteUse(use);
    return use.take().used;
  };
  for (const now of [3, 4, 5]) find()?.used(now);
  t.strictSame(told(), [[source, 5, 3]]);
  t.strictSame(told(), []);
  use.note(source);
  find()?.used(11);
  t.strictSame(told(), [[source, 11, 2]], 'together with what the full server sent');
  t.end();
});
