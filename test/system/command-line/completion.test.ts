import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { cli } from '../../helpers/cli.ts';
import { pathWithSkerry } from '../../helpers/command-in-path.ts';
import { loneOrigin } from '../../helpers/lone-origin.ts';

const BASH_COMPLETION = '/usr/share/bash-completion/bash_completion';
const run = promisify(execFile);

const origin = await loneOrigin(t);
await origin.client.putSite('docs');
await origin.client.putSite('drafts');
const complete = async (words: string[], env: Record<string, string> = {}) =>
  (await cli(['complete', '--', ...words], env)).stdout;

t.test('names of sites come from the origin that the person uses', async (t) => {
  const env = { SKERRY_ORIGIN: origin.url, SKERRY_TOKEN: origin.token };
  t.equal(await complete(['publish', '--site', ''], env), 'docs\tsite\ndrafts\tsite\n:4\n');
  t.equal(await complete(['revisions', 'dr'], env), 'drafts\tsite\n:4\n');
  const typed = ['--origin', origin.url, '--token', origin.token];
  t.equal(await complete(['diff', ...typed, 'do']), 'docs\tsite\n:4\n', 'or that the words name');
});

t.test('an origin that is silent, refuses or is not there completes nothing and says nothing', async (t) => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  t.teardown(() => silent.close().closeAllConnections());
  const { port } = silent.address() as AddressInfo;
  for (const env of [
    { SKERRY_ORIGIN: `http://127.0.0.1:${port}`, SKERRY_TOKEN: origin.token },
    { SKERRY_ORIGIN: origin.url, SKERRY_TOKEN: 'sk_wrong' },
    { SKERRY_ORIGIN: 'http://127.0.0.1:1', SKERRY_TOKEN: origin.token },
    { SKERRY_ORIGIN: 'http://origin.example', SKERRY_TOKEN: origin.token },
  ]) {
    const began = performance.now();
    const ended = await cli(['complete', '--', 'revisions', ''], env);
    t.strictSame(ended, { code: 0, stdout: ':4\n', stderr: '' }, env.SKERRY_ORIGIN);
    t.ok(performance.now() - began < 5000, 'the person does not wait for long');
  }
});

/** Runs a shell in a folder with `public`, in which `skerry` is this tree. */
async function inShell(t: Test, shell: string, args: string[]): Promise<string> {
  const folder = t.testdir({ bin: {}, home: {}, work: { public: {} } });
  const env = {
    PATH: await pathWithSkerry(join(folder, 'bin')),
    HOME: join(folder, 'home'),
    ...{ TERM: 'xterm', LANG: 'C.UTF-8', SKERRY_ORIGIN: origin.url, SKERRY_TOKEN: origin.token },
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
  };
  return (await run(shell, args, { cwd: join(folder, 'work'), env, timeout: 60_000 })).stdout;
}

async function has(shell: string): Promise<boolean> {
  return run(shell, ['-c', 'exit 0']).then(
    () => true,
    () => false,
  );
}

/** Calls the function that bash calls at Tab, with the words of the line. */
const IN_BASH = `
source ${BASH_COMPLETION}
source <(skerry completion bash); source <(skerry completion bash)
complete -p skerry
tab() {
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMPREPLY=()
  # Bash takes = for a word of its own.
  COMP_LINE=\${COMP_LINE// = /=}
  COMP_POINT=\${#COMP_LINE}
  __skerry_complete 2>/dev/null
  echo "\${COMPREPLY[@]}"
}
tab skerry publi; tab skerry publish --mo; tab skerry publish --mode s; tab skerry publish --site ''
tab skerry publish --mode = s; tab skerry publish --site = d
COMP_WORDBREAKS=' '; tab skerry publish --mode=s`;

t.test('bash', { skip: !existsSync(BASH_COMPLETION) && 'needs bash-completion' }, async (t) => {
  t.equal(
    await inShell(t, 'bash', ['--norc', '-c', IN_BASH]),
    'complete -o default -F __skerry_complete skerry\npublish\n--mode\nsync\ndocs drafts\nsync\ndocs drafts\n--mode=sync\n',
  );
});

t.test('fish', { skip: !(await has('fish')) && 'needs fish' }, async (t) => {
  const lines = ['publi', 'publish --mode s', 'publish --site do', 'publish pub'];
  const tabs = lines.map((line) => `complete -C 'skerry ${line}'`).join('; ');
  const said = await inShell(t, 'fish', ['-N', '-c', `skerry completion fish | source; ${tabs}`]);
  const offered = said.split('\n').map((line) => line.split('\t')[0]);
  t.strictSame(
    offered.filter((word) => word !== ''),
    ['publish', 'sync', 'docs', 'public/'],
  );
});

/** A terminal of its own, in which Tab is pressed. Each word is half typed, and what zsh adds is awaited. */
const IN_ZSH = `
zmodload zsh/zpty
zpty terminal zsh -f -i
zpty -w terminal "PS1='ready> '; autoload -Uz compinit; compinit -u -D; source <(skerry completion zsh); print lo''aded"
zpty -r -m terminal out '*loaded*ready> *'
tab() { zpty -w -n terminal "$1"$'\\t'; zpty -r -m terminal out "*$2*"; print -r -- "$2"; }
tab 'skerry publi' publish
tab ' --mod' --mode
tab ' sy' sync
tab ' --site do' docs
tab ' pub' public`;

t.test('zsh', { skip: !(await has('zsh')) && 'needs zsh' }, async (t) => {
  t.equal(await inShell(t, 'zsh', ['-f', '-c', IN_ZSH]), 'publish\n--mode\nsync\ndocs\npublic\n');
});
