import { Command } from 'commander';
import t from 'tap';
import { type ArgumentFlags, argumentOptions, argumentsOf } from '../../../../bin/options/task-arguments.ts';
import { deadlineOption, targetOf, taskKind, taskNumber } from '../../../../bin/options/task-options.ts';

function given(...args: string[]): unknown {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  for (const option of argumentOptions()) command.addOption(option);
  command.parse(args, { from: 'user' });
  return argumentsOf(command.opts<ArgumentFlags>());
}

t.test('arguments of a kind', (t) => {
  t.strictSame(given(), {});
  t.strictSame(given('--arg', 'repair=true', '--arg', 'site=docs', '--arg', 'n=12'), {
    ...{ repair: true, site: 'docs', n: 12 },
  });
  t.strictSame(given('--arg', 'paths=["/a"]', '--arg', 'text=a=b', '--arg', 'none='), {
    ...{ paths: ['/a'], text: 'a=b', none: '' },
  });
  t.strictSame(given('--args', '{"repair":false}'), { repair: false });
  for (const text of ['repair', '=1', '1a=2', '__proto__=1'])
    t.throws(() => given('--arg', text), { message: /Give NAME=VALUE/ }, text);
  t.throws(() => given('--arg', 'a=1', '--arg', 'a=2'), { message: /given twice/ });
  for (const text of ['', 'x', '[]', 'null', '1', '{'])
    t.throws(() => given('--args', text), { message: /Give a JSON object/ }, text);
  t.throws(() => given('--arg', 'a=1', '--args', '{}'), { code: 'bad-config' });
  t.end();
});

t.test('exactly one target', (t) => {
  t.strictSame(targetOf({ edge: ['oslo', 'rome'] }), { edges: ['oslo', 'rome'] });
  t.strictSame(targetOf({ region: 'north' }), { region: 'north' });
  t.strictSame(targetOf({ label: 'canary' }), { label: 'canary' });
  t.strictSame(targetOf({ all: true }), { all: true });
  t.strictSame(targetOf({ any: true }), { any: true });
  for (const flags of [{}, { all: true, any: true }, { edge: ['oslo'], region: 'north' }])
    t.throws(() => targetOf(flags), { code: 'bad-config', message: /give one of/ });
  t.end();
});

t.test('numbers, kinds and deadlines', (t) => {
  t.equal(taskNumber('12'), 12);
  for (const text of ['0', '-1', 'x', '1.5', '']) t.throws(() => taskNumber(text), text);
  t.equal(taskKind('sync-now'), 'sync-now');
  for (const text of ['', 'Verify', '../x']) t.throws(() => taskKind(text), text);
  const deadline = deadlineOption();
  t.equal(deadline.parseArg?.('10s', undefined), 10);
  t.equal(deadline.parseArg?.('30d', undefined), 30 * 86_400);
  for (const text of ['9s', '31d', '1', 'soon'])
    t.throws(() => deadline.parseArg?.(text, undefined), { code: 'commander.invalidArgument' }, text);
  t.end();
});
