import t from 'tap';
import { completionsFor, valueAmong } from '../../../../bin/completion/candidates.ts';
import { createProgram } from '../../../../bin/program.ts';

const program = createProgram();
const at = (...words: string[]) => completionsFor(program, words);
const values = (...words: string[]) => at(...words).candidates.map(({ value }) => value);

t.test('commands and their subcommands', async (t) => {
  t.strictSame(values('publ'), ['publish']);
  t.match(values(''), ['help', 'dev', 'origin']);
  t.notOk(values('').includes('complete'), 'a hidden command is not offered');
  t.strictSame(values('token', 'c'), ['create']);
  t.strictSame(values('help', 'rev'), ['revisions']);
  t.strictSame(values('publish', 'dir', ''), []);
  t.strictSame(at('nope', ''), { candidates: [], files: false, sites: false });
});

t.test('flags of the command, with what they are for', async (t) => {
  t.match(at('publish', '--mo').candidates, [{ value: '--mode', description: /switch/ }]);
  t.strictSame(values('token', '--scope'), [], 'the flags of a subcommand do not belong to its parent');
  t.strictSame(values('token', 'create', '--sc'), ['--scope']);
  t.strictSame(values('publish', '--', '--mo'), []);
});

t.test('values of flags', async (t) => {
  t.strictSame(values('publish', '--mode', ''), ['async', 'sync', 'batch']);
  t.strictSame(values('publish', '--mode', 's'), ['sync']);
  t.strictSame(values('publish', '--mode=s'), ['sync']);
  t.match(at('publish', '--site', ''), { sites: true, files: false });
  t.match(at('publish', '--message', ''), { sites: false, files: false, candidates: [] });
  t.match(at('publish', '--ca', ''), { files: true });
});

t.test('arguments: folders, sites, choices', async (t) => {
  t.match(at('publish', ''), { files: true });
  t.match(at('publish', '--json', '--site', 'x', ''), { files: true }, 'flags do not count as arguments');
  t.match(at('diff', ''), { sites: true, files: false });
  t.match(at('diff', 'x', ''), { sites: false });
  t.match(at('activate', 'x'), { sites: true });
  t.strictSame(values('completion', 'f'), ['fish']);
});

t.test('the value of a flag among the words', async (t) => {
  t.equal(valueAmong(['publish', '--origin', 'http://a'], '--origin'), 'http://a');
  t.equal(valueAmong(['publish', '--origin=http://a', ''], '--origin'), 'http://a');
  t.equal(valueAmong(['publish', '--origin'], '--origin'), undefined);
  t.equal(valueAmong(['publish', 'http://a'], '--origin'), undefined);
});
