import t from 'tap';
import { MemberRequests } from '../../../../shared/feed/member-requests.ts';

const MIB = 1024 * 1024;
const refused = { code: 'too-many-requests' };

t.test('each member has so many open of each kind', async (t) => {
  const requests = new MemberRequests();
  const ends = Array.from({ length: 6 }, () => requests.begin('a', 'report'));
  t.throws(() => requests.begin('a', 'report'), refused);
  requests.begin('a', 'follow');
  requests.begin('b', 'report');
  ends[0]?.();
  ends[0]?.();
  requests.begin('a', 'report');
  t.throws(() => requests.begin('a', 'report'), refused, 'an end counts once');
});

t.test('what it does not take is bounded, one answer of any size apart', async (t) => {
  const requests = new MemberRequests();
  const end = requests.sending('a', 200 * MIB);
  t.throws(() => requests.sending('a', 1), refused);
  requests.sending('b', 1);
  end();
  requests.sending('a', 128 * MIB);
  t.throws(() => requests.sending('a', 1), refused);
});

t.test('of its streams the oldest ends', async (t) => {
  const requests = new MemberRequests();
  const ended: number[] = [];
  const gone = [0, 1, 2, 3].map((i) => requests.stream('a', () => ended.push(i)));
  requests.stream('b', () => ended.push(-1));
  requests.stream('a', () => ended.push(4));
  t.strictSame(ended, [0]);
  gone[0]?.();
  gone[2]?.();
  requests.stream('a', () => ended.push(5));
  t.strictSame(ended, [0], 'one that has ended by itself has made room');
});
