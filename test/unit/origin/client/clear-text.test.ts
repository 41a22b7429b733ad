import t from 'tap';
import { createProgram } from '../../../../bin/program.ts';
import { ApiClient } from '../../../../origin/client/api-client.ts';

const { signal } = new AbortController();
const isRefused = (origin: string, token: string | undefined, insecure?: boolean) => {
  try {
    new ApiClient(origin, token, signal, insecure === undefined ? {} : { insecure }).close();
    return false;
  } catch (error) {
    if ((error as { code?: string }).code !== 'clear-text') throw error;
    return true;
  }
};

t.test('a token goes over TLS, or stays on this machine', async (t) => {
  const near = [
    'http://127.0.0.1:7400',
    'http://127.9.9.9',
    'http://localhost:7400',
    'http://LOCALHOST',
    'http://[::1]:7400',
  ];
  for (const origin of [...near, 'https://origin.example', 'https://10.0.0.1:7400'])
    t.notOk(isRefused(origin, 'sk_1'), origin);
  const far = [
    ...['http://origin.example:7400', 'http://10.0.0.1', 'http://0.0.0.0:7400', 'http://[fe80::1]:7400'],
    ...['http://localhost.example', 'http://127.0.0.1.example', 'http://127.0.0.1@origin.example'],
  ];
  for (const origin of far) {
    t.ok(isRefused(origin, 'sk_1'), origin);
    t.notOk(isRefused(origin, 'sk_1', true), `${origin}, which the user says is well`);
    t.notOk(isRefused(origin, undefined), `${origin} without a token`);
  }
});

t.test('the commands have --insecure, and the environment may say no', async (t) => {
  // Nobody listens there: what is not refused fails to connect.
  const run = async (...args: string[]) => {
    const command = ['status', '--origin', 'http://0.0.0.0:1', '--token', 'sk_1', ...args];
    return createProgram()
      .parseAsync(command, { from: 'user' })
      .then(
        () => 'done',
        (error: { code?: string }) => error.code,
      );
  };
  const before = process.env.SKERRY_INSECURE;
  t.teardown(() => {
    if (before === undefined) delete process.env.SKERRY_INSECURE;
    else process.env.SKERRY_INSECURE = before;
  });
  delete process.env.SKERRY_INSECURE;
  t.equal(await run(), 'clear-text');
  t.equal(await run('--insecure'), 'origin-unreachable');
  for (const [value, code] of [
    ['1', 'origin-unreachable'],
    ['true', 'origin-unreachable'],
    ['0', 'clear-text'],
    ['false', 'clear-text'],
    ['', 'clear-text'],
  ] as const) {
    process.env.SKERRY_INSECURE = value;
    t.equal(await run(), code, `SKERRY_INSECURE=${value}`);
    t.equal(await run('--insecure'), 'origin-unreachable', 'a flag goes before it');
  }
  delete process.env.SKERRY_INSECURE;
  const file = (text: string) => `${t.testdir({ 'c.yaml': text })}/c.yaml`;
  t.equal(await run('--config', file('insecure: true\n')), 'origin-unreachable');
  t.equal(await run('--config', file('insecure: false\n')), 'clear-text');
});
