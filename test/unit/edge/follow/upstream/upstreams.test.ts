import t, { type Test } from 'tap';
import type { Upstream } from '../../../../../edge/follow/upstream/upstream.ts';
import { Upstreams, upstreamAddresses } from '../../../../../edge/follow/upstream/upstreams.ts';
import { jumpingClock } from '../../jumping-clock.ts';

const URLS = ['http://a.test', 'http://b.test', 'http://c.test'];

function open(t: Test, urls = URLS) {
  const clock = jumpingClock();
  const upstreams = new Upstreams(upstreamAddresses(urls, 'http://origin.test'), clock);
  t.teardown(() => upstreams.close());
  const at = (index: number) => upstreams.all[index] as Upstream;
  return { clock, upstreams, at };
}

t.test('the first is preferred', async (t) => {
  const { upstreams, at } = open(t);
  t.equal(upstreams.current, at(0));
  t.strictSame(upstreams.preferred(), []);
  t.throws(() => new Upstreams([], jumpingClock()), TypeError, 'there must be one');
});

t.test('after a failure the next in turn is followed', async (t) => {
  const { upstreams, at } = open(t);
  const visited = [0, 1, 2, 3].map(() => {
    upstreams.advance(upstreams.current);
    return upstreams.current.url;
  });
  t.strictSame(visited, [URLS[1], URLS[2], URLS[0], URLS[1]]);
  t.strictSame(upstreams.preferred(), [at(0)]);
  upstreams.advance(at(2));
  t.equal(upstreams.current, at(1), 'a late failure of another one moves nothing');
});

t.test('whoever follows learns of a move', async (t) => {
  const { upstreams, at } = open(t);
  const before = upstreams.moved;
  upstreams.failBack(at(0));
  t.notOk(before.aborted, 'going where one is is no move');
  upstreams.advance(at(0));
  t.ok(before.aborted);
  t.notOk(upstreams.moved.aborted);
});

t.test('a liar is left alone for a minute', async (t) => {
  const { clock, upstreams, at } = open(t);
  upstreams.avoid(at(0));
  t.equal(upstreams.current, at(1));
  t.strictSame(upstreams.preferred(), [], 'nor is it better than the others');
  upstreams.advance(at(1));
  upstreams.advance(at(2));
  t.equal(upstreams.current, at(1), 'it is passed over in turn');
  clock.advance(59_999);
  t.strictSame(upstreams.preferred(), []);
  clock.advance(1);
  t.strictSame(upstreams.preferred(), [at(0)]);
  upstreams.failBack(at(0));
  t.equal(upstreams.current, at(0));
});

t.test('a liar that is not followed any more is avoided all the same', async (t) => {
  const { upstreams, at } = open(t);
  upstreams.advance(at(0));
  upstreams.avoid(at(0));
  t.equal(upstreams.current, at(1));
  t.strictSame(upstreams.preferred(), []);
  upstreams.advance(at(1));
  upstreams.advance(at(2));
  t.equal(upstreams.current, at(1));
});

t.test('when all lie one of them is followed', async (t) => {
  const { upstreams, at } = open(t, URLS.slice(0, 2));
  upstreams.avoid(at(0));
  upstreams.avoid(at(1));
  t.equal(upstreams.current, at(0));
});

t.test('the only one is followed whatever it does', async (t) => {
  const { upstreams, at } = open(t, URLS.slice(0, 1));
  upstreams.advance(at(0));
  upstreams.avoid(at(0));
  t.equal(upstreams.current, at(0));
  t.notOk(upstreams.moved.aborted);
});

t.test('of two, the honest one is not left for the liar when it breaks off once', async (t) => {
  const { upstreams, at } = open(t, URLS.slice(0, 2));
  upstreams.avoid(at(0));
  upstreams.advance(at(1));
  t.equal(upstreams.current, at(1));
});

t.test('who lies again and again is left alone for longer and longer, up to ten minutes', async (t) => {
  const { clock, upstreams, at } = open(t, URLS.slice(0, 2));
  const minutes = Array.from({ length: 8 }, () => {
    upstreams.failBack(at(0));
    upstreams.avoid(at(0));
    upstreams.avoid(at(0));
    let waited = 0;
    for (; upstreams.preferred().length === 0; waited++) clock.advance(60_000);
    return waited;
  });
  t.strictSame(minutes, [1, 2, 4, 8, 10, 10, 10, 10]);
  clock.advance(11 * 60_000);
  upstreams.avoid(at(0));
  clock.advance(60_000);
  t.strictSame(upstreams.preferred(), [at(0)], 'one that was well for long begins anew');
});
