import t from 'tap';
import { Pace } from '../../../../../edge/serve/bytes/pace.ts';

const sizes = (...times: number[]) => {
  const pace = new Pace(10);
  return times.map((now) => pace.next(50, now));
};

t.same(sizes(0, 0, 1, 2, 3, 4), [10, 10, 20, 40, 50, 50], 'more for who keeps up');
t.same(sizes(0, 0, 100, 200, 300), [10, 10, 10, 10, 10], 'as before for who takes its time');
t.same(sizes(0, 0, 1, 2, 1000, 2000, 3000), [10, 10, 20, 40, 20, 10, 10], 'less for who falls behind');
t.end();
