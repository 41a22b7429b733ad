import t from 'tap';
import { publishReleases } from '../helpers/published-packages.ts';

t.test('a published package reaches an edge byte for byte, forwards and back', (t) =>
  publishReleases(t, ['bootstrap'], 1),
);
