import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { hostProgram } from '../helpers/host-program.ts';

/** What systemd says about the units without running them. */

const UNITS = join(import.meta.dirname, '../../infra/systemd');
const MOST_EXPOSED = 2.5;
const { code } = await hostProgram('systemd-analyze', ['--version']);
const options = code === 0 ? {} : { skip: 'systemd-analyze is not installed here' };

/** `verify` wants to find the program, and Skerry is not installed here. */
async function verified(t: Test, unit: string, change: (text: string) => string) {
  const file = join(t.testdir(), unit);
  await cp(join(UNITS, unit), file);
  const text = await readFile(file, 'utf8');
  await writeFile(file, change(text.replace('/opt/skerry/current/bin/skerry', '/bin/true')));
  // It ends with 0 when it ignores a value, and says so only on stderr.
  return (await hostProgram('systemd-analyze', ['verify', '--man=no', file])).stderr;
}

for (const unit of ['skerry-origin.service', 'skerry-edge.service']) {
  t.test(`${unit} has no value that systemd would ignore`, options, async (t) => {
    t.equal(await verified(t, unit, (text) => text), '');
    t.match(
      await verified(t, unit, (text) => text.replace('RestartSec=1', 'RestartSec=soon')),
      /soon/,
      'such a value would be noticed',
    );
  });

  t.test(`${unit} exposes little of its host`, options, async (t) => {
    const { stdout } = await hostProgram('systemd-analyze', ['security', '--offline=yes', join(UNITS, unit)]);
    const [, exposure = 'unknown'] = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout) ?? [];
    t.ok(Number(exposure) <= MOST_EXPOSED, exposure);
  });
}
