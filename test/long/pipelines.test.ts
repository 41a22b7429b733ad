import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { parse } from 'yaml';
import { pathWithSkerry } from '../helpers/command-in-path.ts';
import { loneOrigin } from '../helpers/lone-origin.ts';

const run = promisify(execFile);
const origin = await loneOrigin(t);
const drafts = (await origin.client.createToken({ scope: 'publish:docs@pr-*' })).token;
const publishes = (await origin.client.createToken({ scope: 'publish:docs,publish:wiki' })).token;

type Variables = Readonly<Record<string, string>>;

const template = async <T>(name: string): Promise<T> =>
  parse(await readFile(join(import.meta.dirname, '../../docs/ci', name), 'utf8'));

/** Runs a script as runners do, in a folder with the site. Environment: what the runner sets, and nothing of ours. */
async function inRunner(folder: string, script: string, env: Variables): Promise<string> {
  const file = join(folder, 'script.sh');
  await writeFile(file, script);
  const { NODE_COMPILE_CACHE, HOME } = process.env;
  const { stdout } = await run('bash', ['--noprofile', '--norc', '-eo', 'pipefail', file], {
    cwd: folder,
    env: { HOME, NODE_COMPILE_CACHE, ...env, PATH: await pathWithSkerry(join(folder, 'bin')) },
    timeout: 60_000,
  });
  return stdout;
}

const runnerFolder = (t: Test, text: string) => t.testdir({ bin: {}, public: { 'index.html': text } });

async function aliasNames(site: string): Promise<string[]> {
  const headers = { authorization: `Bearer ${origin.token}` };
  const answer = await fetch(`${origin.url}/v1/sites/${site}/aliases`, { headers });
  const { aliases } = (await answer.json()) as { aliases: { name: string }[] };
  return aliases.map(({ name }) => name);
}

interface Action {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: {
    readonly steps: readonly { readonly id: string; readonly run: string; readonly env: Variables }[];
  };
}

interface Event {
  readonly sha: string;
  readonly number?: string;
  readonly action?: string;
}

/** Runs the steps of the action for an event, and returns its outputs. */
async function onGitHub(t: Test, token: string, event: Event): Promise<Variables> {
  const action = await template<Action>('action.yml');
  const folder = runnerFolder(t, `github ${event.sha}`);
  const output = join(folder, 'output');
  await writeFile(output, '');
  const given: Variables = {
    'inputs.site': 'docs',
    'inputs.folder': action.inputs.folder?.default ?? '',
    'inputs.package': action.inputs.package?.default ?? '',
    'inputs.origin': origin.url,
    'inputs.token': token,
    'github.event.pull_request.number': event.number ?? '',
    'github.event.action': event.action ?? '',
  };
  const filled = (text: string) =>
    text.replaceAll(/\$\{\{ (.*?) \}\}/g, (_all, name: string) => {
      const value = given[name];
      if (value === undefined) throw new Error(`the action uses ${name}`);
      return value;
    });
  for (const step of action.runs.steps) {
    t.notMatch(step.run, /\$\{\{/, 'no expression stands in a script, where it could be a command');
    const env = Object.fromEntries(Object.entries(step.env).map(([name, value]) => [name, filled(value)]));
    await inRunner(folder, step.run, { ...env, GITHUB_OUTPUT: output, GITHUB_SHA: event.sha, CI: 'true' });
  }
  const written = Object.fromEntries(
    (await readFile(output, 'utf8')).split('\n').flatMap((line) => {
      const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
      return name === undefined ? [] : [[`steps.publish.outputs.${name}`, value ?? '']];
    }),
  );
  return Object.fromEntries(
    Object.entries(action.outputs).map(([name, { value }]) => [
      name,
      written[value.slice('${{ '.length, -' }}'.length)] ?? '',
    ]),
  );
}

t.test('a GitHub Action publishes, shows drafts of pull requests and removes them', async (t) => {
  await origin.client.putSite('docs', { domains: ['docs.example'] });
  t.strictSame(await onGitHub(t, publishes, { sha: 'aaa' }), { url: 'http://docs.example/', revision: '1' });
  const pull = { number: '12', action: 'opened' };
  const opened = await onGitHub(t, drafts, { ...pull, sha: 'bbb' });
  t.match(opened, { url: /^http:\/\/pr-12--docs\.localhost:\d+\/$/, revision: '2' });
  t.match(await onGitHub(t, drafts, { ...pull, action: 'synchronize', sha: 'ccc' }), { url: opened.url });
  t.strictSame(await aliasNames('docs'), ['pr-12']);
  t.equal((await origin.client.site('docs')).revision, 1, 'what is live stays');
  t.match(await origin.client.revisions('docs'), [
    { message: 'ccc' },
    { message: 'bbb' },
    { message: 'aaa' },
  ]);

  const closed = { ...pull, action: 'closed', sha: 'ccc' };
  t.strictSame(await onGitHub(t, drafts, closed), { url: '', revision: '' });
  t.strictSame(await aliasNames('docs'), []);
  await onGitHub(t, drafts, closed);
  t.pass('an alias that has expired is no fault');
  await t.rejects(onGitHub(t, 'sk_wrong', closed), { message: /skerry: / });
  await t.rejects(onGitHub(t, drafts, { sha: 'ddd' }), { message: /skerry: / }, 'the token is for drafts');
});

interface Job {
  readonly script: readonly string[];
  readonly before_script?: readonly string[];
  readonly variables?: Variables;
  readonly environment?: { readonly name: string; readonly url?: string; readonly on_stop?: string };
}

/** Runs a job of the template, and returns the address of its environment. */
async function onGitLab(t: Test, name: string, ofRunner: Variables): Promise<string | undefined> {
  const jobs = await template<Record<string, Job>>('gitlab.yml');
  const { '.skerry': common, [name]: job } = jobs;
  if (common === undefined || job === undefined) throw new Error(`the template has no job ${name}`);
  t.ok(job.environment?.on_stop === undefined || job.environment.on_stop in jobs);
  const folder = runnerFolder(t, `gitlab ${ofRunner.CI_COMMIT_SHA}`);
  const env = { ...common.variables, ...job.variables, SKERRY_ORIGIN: origin.url, CI: 'true', ...ofRunner };
  await inRunner(folder, [...(common.before_script ?? []), ...job.script].join('\n'), env);
  const dotenv = await readFile(join(folder, 'skerry.env'), 'utf8').catch(() => '');
  const [, url = ''] = /^SKERRY_URL=(.*)\n$/.exec(dotenv) ?? [];
  return job.environment?.url?.replace('$SKERRY_URL', url);
}

t.test('a GitLab template does the same for merge requests', async (t) => {
  await origin.client.putSite('wiki');
  const { token } = await origin.client.createToken({ scope: 'publish:wiki@pr-*' });
  const live = { SITE: 'wiki', SKERRY_TOKEN: publishes, CI_COMMIT_SHA: 'aaa' };
  t.match(await onGitLab(t, 'skerry-publish', live), /^http:\/\/wiki\.localhost:\d+\/$/);
  const merge = { SITE: 'wiki', SKERRY_TOKEN: token, CI_COMMIT_SHA: 'bbb', CI_MERGE_REQUEST_IID: '34' };
  t.match(await onGitLab(t, 'skerry-draft', merge), /^http:\/\/pr-34--wiki\.localhost:\d+\/$/);
  t.strictSame(await aliasNames('wiki'), ['pr-34']);
  t.equal((await origin.client.site('wiki')).revision, 1);
  await onGitLab(t, 'skerry-remove', merge);
  t.strictSame(await aliasNames('wiki'), []);
  await onGitLab(t, 'skerry-remove', merge);
  await t.rejects(onGitLab(t, 'skerry-remove', { ...merge, SKERRY_TOKEN: 'sk_wrong' }));
});

t.test('the example workflow gives the action what it needs', async (t) => {
  const { inputs } = await template<Action>('action.yml');
  const { jobs } = await template<{
    jobs: { publish: { steps: readonly { uses?: string; with?: Variables }[] } };
  }>('github.yml');
  const used = jobs.publish.steps.find(({ uses }) => uses?.includes('skerry'));
  const named = Object.keys(used?.with ?? {});
  t.strictSame(
    named.filter((name) => !(name in inputs)),
    [],
  );
  for (const [name, input] of Object.entries(inputs))
    t.ok(named.includes(name) || input.default !== undefined, name);
});
