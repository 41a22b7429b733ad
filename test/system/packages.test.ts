import t from 'tap';
import { publishReleases } from '../helpers/published-packages.ts';

t.test('a published package reaches the edges byte for byte, forwards and back', (t) =>
  publishReleases(t, ['bootstrap'], 2),
);
