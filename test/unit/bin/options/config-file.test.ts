import { join } from 'node:path';
import { Command } from 'commander';
import t, { type Test } from 'tap';
import { applyConfigFile } from '../../../../bin/options/config-file.ts';
import { option, port } from '../../../../bin/options/options.ts';

interface Values {
  readonly color?: string;
  readonly testPort?: number;
  readonly loud?: boolean;
  readonly other?: string;
}

/** Two commands of which `serve` runs, with what they ended up with. */
async function run(file: string | undefined, args: readonly string[] = []): Promise<Values> {
  let values: Values | undefined;
  const root = new Command('root').exitOverride();
  const serve = new Command('serve')
    .exitOverride()
    .addOption(option('--color <color>', '').default('green'))
    .addOption(option('--test-port <port>', '').argParser(port))
    .addOption(option('--loud', ''))
    .addOption(option('--other <x>', ''))
    .action((options: Values) => {
      values = options;
    });
  const other = new Command('other').addOption(option('--only-other <x>', ''));
  root.addCommand(serve).addCommand(other);
  root.hook('preAction', (_root, command) => applyConfigFile(command, root, file));
  await root.parseAsync(['serve', ...args], { from: 'user' });
  if (values === undefined) throw new Error('the command did not run');
  return { ...values };
}

const config = (t: Test, text: string) => join(t.testdir({ 'conf.yaml': text }), 'conf.yaml');

t.test('values at the top level and in the section of a command', async (t) => {
  t.strictSame(await run(config(t, 'color: red\ntest-port: 80\nloud: true\n')), {
    color: 'red',
    testPort: 80,
    loud: true,
  });
  t.strictSame(await run(config(t, 'serve:\n  color: blue\n')), { color: 'blue' });
});

t.test('the section goes before the top level', async (t) => {
  t.equal((await run(config(t, 'color: red\nserve:\n  color: blue\n'))).color, 'blue');
  t.equal((await run(config(t, 'serve:\n  color: blue\ncolor: red\n'))).color, 'blue', 'in either order');
});

t.test('keys of other commands are allowed and ignored', async (t) => {
  t.strictSame(await run(config(t, 'only-other: x\nother:\n  only-other: y\n')), { color: 'green' });
});

t.test('flags, environment, file, defaults', async (t) => {
  t.teardown(() => delete process.env.SKERRY_COLOR);
  t.equal((await run(config(t, ''))).color, 'green');
  const file = config(t, 'color: from-file\n');
  t.equal((await run(file)).color, 'from-file');
  process.env.SKERRY_COLOR = 'from-environment';
  t.equal((await run(file)).color, 'from-environment');
  t.equal((await run(file, ['--color', 'from-flag'])).color, 'from-flag');
  t.equal(
    (await run(file, ['--color', 'green'])).color,
    'green',
    'a flag that says the default is still a flag',
  );
});

t.test('an empty file says nothing', async (t) => {
  for (const text of ['', '\n', '# nothing\n', '---\n', '{}', 'serve:\n', 'serve: {}\n'])
    t.strictSame(await run(config(t, text)), { color: 'green' }, JSON.stringify(text));
});

t.test('a missing file', async (t) => {
  const folder = t.testdir({});
  await t.rejects(run(join(folder, 'missing.yaml')), {
    code: 'bad-config',
    message: /missing\.yaml cannot be read/,
  });
  await t.rejects(run(folder), { code: 'bad-config' }, 'a folder is no file');
});

t.test('skerry.yaml of the current folder is read when it is there', async (t) => {
  const before = process.cwd();
  t.teardown(() => process.chdir(before));
  const folder = t.testdir({
    with: { 'skerry.yaml': 'color: red' },
    without: {},
    bad: { 'skerry.yaml': ':' },
  });
  process.chdir(join(folder, 'with'));
  t.equal((await run(undefined)).color, 'red');
  process.chdir(join(folder, 'without'));
  t.equal((await run(undefined)).color, 'green');
  process.chdir(join(folder, 'bad'));
  await t.rejects(run(undefined), { code: 'bad-config', message: /skerry\.yaml/ });
});

t.test('what is refused', async (t) => {
  const table: [string, string, RegExp][] = [
    ['an unknown key', 'colour: red', /unknown key colour$/],
    ['a flag with its dashes', '--color: red', /unknown key --color$/],
    ['a key in camel case', 'testPort: 80', /unknown key testPort$/],
    ['an unknown section', 'served:\n  color: red', /unknown key served$/],
    ['an unknown key in the section', 'serve:\n  colour: red', /unknown key serve\.colour$/],
    ["another command's key in the section", 'serve:\n  only-other: x', /unknown key serve\.only-other$/],
    ['an unknown key in the section of another command', 'other:\n  color: red', /unknown key other\.color$/],
    ['a value that does not fit', 'test-port: 99999', /test-port: .*65535/],
    ['a value that is a text', 'test-port: http', /test-port: /],
    ['a list', 'color: [red]', /color must be one value/],
    ['keys and values', 'color: {a: b}', /color must be one value/],
    ['text alone', 'red', /keys and values/],
    ['a list of all', '- color', /keys and values/],
    ['no YAML', 'color: "red', /not valid YAML/],
    ['a key named twice', 'color: red\ncolor: blue', /not valid YAML/],
  ];
  for (const [name, text, message] of table) {
    await t.rejects(run(config(t, text)), { code: 'bad-config', message }, name);
  }
});

t.test('switches are on or off', async (t) => {
  t.equal((await run(config(t, 'loud: true'))).loud, true);
  t.equal((await run(config(t, 'loud: false'))).loud, false);
  for (const text of ['loud: maybe', 'loud: yes', 'loud: 1', 'loud: []']) {
    await t.rejects(run(config(t, text)), { code: 'bad-config' }, text);
  }
});

t.test('a section that is no section is refused', async (t) => {
  for (const text of ['serve: red', 'serve: [color]', 'serve: 7', 'serve: true']) {
    await t.rejects(run(config(t, text)), { code: 'bad-config', message: /unknown key serve$/ }, text);
  }
});

t.test('a name that is a flag and a command', async (t) => {
  t.equal((await run(config(t, 'other: x'))).other, 'x', 'with a value it is the flag');
  t.strictSame(await run(config(t, 'other:\n  only-other: y')), { color: 'green' }, 'with keys the section');
  t.equal(
    (await run(config(t, 'serve:\n  other: x\nother:\n  only-other: y'))).other,
    'x',
    'both can be given',
  );
});

t.test('a key without a value is refused', async (t) => {
  for (const text of ['color:\n', 'test-port:\n', 'loud:\n'])
    await t.rejects(run(config(t, text)), { code: 'bad-config', message: /must be one value/ }, text);
});

t.test('numbers and texts of YAML are read as a flag would be', async (t) => {
  t.equal((await run(config(t, 'color: 7'))).color, '7');
  t.equal((await run(config(t, 'test-port: "80"'))).testPort, 80);
  t.equal((await run(config(t, 'color: 1.10'))).color, '1.10');
});
