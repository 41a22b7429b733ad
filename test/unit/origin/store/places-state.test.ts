import t from 'tap';
import {
  begun,
  dropping,
  leaving,
  moved,
  placesAtStart,
  type StorePlaces,
} from '../../../../origin/store/places-state.ts';

const FILES = 'file:';
const S3 = 's3://bucket/';
const first: StorePlaces = { store: FILES, other: null, former: [] };
const moving = begun(first, S3);
const after = moved(moving);
const back = moved(begun({ ...after, other: null }, FILES));

t.test('the first start decides, and later ones may leave the option out', async (t) => {
  t.strictSame(placesAtStart(undefined, undefined), first);
  t.strictSame(placesAtStart(undefined, S3), { ...first, store: S3 });
  t.equal(placesAtStart(first, undefined), first);
  t.equal(placesAtStart(after, S3), after);
  t.throws(() => placesAtStart(first, S3), {
    code: 'bad-config',
    message: /are in file:, not in s3:.*store migrate/,
  });
  t.equal(placesAtStart(after, FILES), after, 'the unit of a service may still name the store from before');
  t.equal(placesAtStart({ ...after, other: null }, FILES).store, S3, 'also when that was deleted');
});

t.test('there and back', async (t) => {
  t.strictSame(moving, { store: FILES, other: { url: S3, role: 'target' }, former: [] });
  t.equal(begun(moving, S3), moving, 'repeated');
  t.strictSame(after, { store: S3, other: { url: FILES, role: 'kept' }, former: [FILES] });
  t.strictSame(back, { store: FILES, other: { url: S3, role: 'kept' }, former: [S3] });
  t.throws(() => moved(first), /no objects/);
});

t.test('one second place at a time', async (t) => {
  t.throws(() => begun(first, FILES), { code: 'store-unchanged' });
  t.throws(() => begun(moving, 's3://other/'), {
    code: 'store-busy',
    message: /on their way to s3:..bucket/,
  });
  t.throws(() => begun(after, FILES), { code: 'store-busy', message: /file: still has the objects/ });
  t.throws(() => begun(dropping(after, 'kept'), FILES), { code: 'store-busy', message: /being deleted/ });
});

t.test('a second place can be forgotten, whatever it is', async (t) => {
  for (const places of [moving, after, dropping(after, 'kept')])
    t.strictSame(leaving(places), { ...places, other: { url: places.other?.url, role: 'leaving' } });
  t.throws(() => leaving(first), { code: 'store-unchanged' });
  t.throws(() => begun(leaving(after), FILES), { code: 'store-busy', message: /being forgotten/ });
});

t.test('what is deleted is not the store', async (t) => {
  t.strictSame(dropping(moving, 'target').other, { url: S3, role: 'dropping' });
  t.strictSame(dropping(after, 'kept').other, { url: FILES, role: 'dropping' });
  t.strictSame(dropping(dropping(after, 'kept'), 'kept').other, { url: FILES, role: 'dropping' }, 'repeated');
  for (const [places, role] of [
    [first, 'target'],
    [first, 'kept'],
    [moving, 'kept'],
    [after, 'target'],
  ] as const)
    t.throws(() => dropping(places, role), { code: 'store-unchanged' });
});
