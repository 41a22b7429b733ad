import t from 'tap';
import { publishReleases } from '../helpers/published-packages.ts';

t.test('packages of up to thousands of files reach three edges byte for byte, forwards and back', (t) =>
  publishReleases(t, ['bootstrap', 'three', 'fontawesome']),
);
