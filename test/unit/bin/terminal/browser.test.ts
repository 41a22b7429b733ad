import t from 'tap';
import { hasBrowser } from '../../../../bin/terminal/browser.ts';

t.test('a browser is opened only in front of a person', async (t) => {
  const linux = { isTerminal: true, platform: 'linux', env: { DISPLAY: ':0' } } as const;
  t.equal(hasBrowser(linux), true);
  t.equal(hasBrowser({ ...linux, env: { WAYLAND_DISPLAY: 'wayland-0' } }), true);
  t.equal(hasBrowser({ ...linux, isTerminal: false }), false, 'a pipe');
  t.equal(hasBrowser({ ...linux, env: {} }), false, 'no display');
  t.equal(hasBrowser({ ...linux, env: { DISPLAY: ':10', SSH_CONNECTION: 'x' } }), false, 'another host');
  t.equal(hasBrowser({ ...linux, platform: 'darwin', env: {} }), true);
});
