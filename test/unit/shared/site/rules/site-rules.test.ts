import t from 'tap';
import { siteRules } from '../../../../../shared/site/rules/site-rules.ts';

const LONG_PATH = `/${'"'.repeat(14_900)}`;

t.test('the first rule of _redirects that matches, of one path or of many', async (t) => {
  const { redirect } = siteRules('', '/a /1\n/* /2\n/b /3\n/a /4\n');
  t.equal(redirect('/a')?.rule.target.text, '/1');
  t.equal(redirect('/b')?.rule.target.text, '/2');
  t.equal(siteRules('', '/b /3\n/* /2\n').redirect('/b/')?.rule.target.text, '/3');
  t.equal(siteRules('', '/b /3\n').redirect('/c'), undefined);
});

t.test('all rules of _headers that match, in the order of the file', async (t) => {
  const { headers } = siteRules('/a\n  X: 1\n/*\n  X: 2\n/a\n  X: 3\n/:b\n  X: :b\n/c\n  X: 5\n', '');
  t.equal(headers('/a').set.get('x'), '1, 2, 3, a');
  t.equal(headers('/c').set.get('x'), '2, c, 5');
});

t.test('a long address fills nothing beyond what a head may have', async (t) => {
  const rules = (values: number, placeholders: number) =>
    siteRules(
      `/*\n${`  X: ${':splat'.repeat(placeholders)}\n`.repeat(values)}  Content-Security-Policy: x`,
      '',
    );
  t.match(rules(1, 1).headers('/short'), { excess: undefined });
  for (const [values, placeholders] of [
    [1, 1],
    [120, 10],
    [300, 10],
  ] as const) {
    const { set, excess } = rules(values, placeholders).headers(LONG_PATH);
    t.equal(excess, 'address', `${values} values of ${placeholders}`);
    t.equal(set.size, 0, 'nor is a part of the headers sent');
  }
  t.equal(rules(120, 1).headers(`/${'a'.repeat(200)}`).excess, 'address', 'together they are too much');
});

t.test('rules of several patterns that are too much for a path, whatever the address', async (t) => {
  const line = `  X: ${'a'.repeat(3900)}\n`;
  const { headers } = siteRules(['/:a/*', '/b/*', '/*', '/b/:c'].map((on) => `${on}\n${line}`).join(''), '');
  t.equal(headers('/b/c').excess, 'rules');
  t.equal(headers('/b/c/d').excess, undefined);
  const lines = Array.from({ length: 500 }, (_, i) => `/${'x'.repeat(i)}*\n  ! Y\n`).join('');
  t.equal(
    siteRules(lines, '').headers(`/${'x'.repeat(600)}`).excess,
    'rules',
    'taking headers away counts, too',
  );
});

t.test('the largest files cost a request little', async (t) => {
  const patterns = Array.from({ length: 500 }, (_, i) => `/:a/*/x${i}/:b/:c/:d/:e/:f/:g/:h/:i`);
  const paths = Array.from({ length: 3500 }, () => '/a');
  const { headers, redirect } = siteRules(
    [...patterns, ...paths].join('\n'),
    [...patterns.map((from) => `${from} /b`), ...paths.map(() => '/a /b')].join('\n'),
  );
  const path = `/${'x/y/'.repeat(3700)}`;
  const began = process.cpuUsage();
  for (let i = 0; i < 100; i++) {
    headers(path);
    redirect(path);
    headers('/a');
    redirect('/a');
  }
  // Ten times what it takes.
  t.ok(process.cpuUsage(began).user / 1000 / 200 < 10);
});
