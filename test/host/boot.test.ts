import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type BootedDebian, bootDebian } from '../helpers/booted-debian.ts';
import { reasonNotToBoot } from '../helpers/debian-image.ts';
import { makeRelease } from '../helpers/release.ts';
import { until } from '../helpers/until.ts';

/** An origin and an edge, installed from the archive on a minimal Debian and run by their units under systemd. */

const SKERRY = '/opt/skerry/current/bin/skerry';
const EDGE = `SKERRY_ORIGIN=http://127.0.0.1:7400
SKERRY_NAME=paris
SKERRY_REGION=eu-west
SKERRY_PORT=80
SKERRY_PROCESSES=2
SKERRY_ACCESS_LOG=/var/log/skerry-edge/access.log
`;

const reason = await reasonNotToBoot();
if (reason !== undefined) t.pass(`left out: ${reason}`, { skip: reason });
else await t.test('on a minimal Debian', testUnits);

async function testUnits(t: Test): Promise<void> {
  const media = t.testdir();
  const release = await makeRelease(join(media, 'release'));
  const debian = await bootDebian(t, media);
  const { must } = debian;
  const property = (unit: string, name: string) =>
    must(`systemctl show --property ${name} --value skerry-${unit}`);
  const isActive = async (unit: string) => (await property(unit, 'ActiveState')) === 'active';
  const asAdmin = (command: string) =>
    must(`SKERRY_TOKEN=$(cat /var/lib/skerry-origin/admin-token) ${SKERRY} ${command}`);

  await t.test('the origin starts, and its start ends when it is ready', async (t) => {
    await must(`
      mkdir -p /opt/skerry /etc/skerry
      tar -C /opt/skerry -xzf /media/release/skerry-${release.version}-linux-${process.arch}.tar.gz
      ln -sfn ${release.version} /opt/skerry/current
      cp /opt/skerry/current/lib/systemd/system/skerry-*.service /etc/systemd/system/
      systemctl daemon-reload
      systemctl start skerry-origin`);
    t.match(await debian.inItsNetwork('curl', '-sf', 'http://127.0.0.1:7400/readyz'), { code: 0 });
  });

  await t.test('an edge joins with the token from its credentials, and serves on port 80', async (t) => {
    await must('umask 077; cat >/etc/skerry/edge.env', EDGE);
    await must(
      'umask 077; cat >/etc/skerry/join-token',
      await asAdmin('token create --scope join --edge paris'),
    );
    await must('systemctl start skerry-edge');
    await must('mkdir /tmp/site; echo one >/tmp/site/index.html');
    await asAdmin('publish /tmp/site --site docs --wait');
    t.match(await readPage(debian), { code: 0, stdout: 'one\n' });
    await until('the line of the request', async () =>
      (await must('cat /var/log/skerry-edge/access.log')).includes('"GET"'),
    );
  });

  await t.test('the roles have no rights that they do not need', async (t) => {
    for (const unit of ['origin', 'edge']) {
      const status = await must(`cat /proc/${await property(unit, 'MainPID')}/status`);
      t.match(status, /^NoNewPrivs:\t1$/m);
      t.match(status, /^CapBnd:\t0000000000000400$/m, 'only CAP_NET_BIND_SERVICE');
      t.match(status, /^Seccomp:\t2$/m);
      t.notMatch(status, /^Uid:\t0\b/m);
    }
  });

  await t.test('a killed edge is started again, without its token and without its origin', async (t) => {
    await must('rm /etc/skerry/join-token; systemctl stop skerry-origin');
    await must('systemctl kill --kill-whom=main --signal=KILL skerry-edge');
    await until('the restart', async () => (await property('edge', 'NRestarts')) === '1' && isActive('edge'));
    t.match(await readPage(debian), { code: 0, stdout: 'one\n' });
    await must('systemctl restart skerry-edge');
    t.match(await readPage(debian), { code: 0, stdout: 'one\n' });
  });

  await t.test('the watchdog ends a role whose event loop has stopped', async (t) => {
    await must('systemctl start skerry-origin');
    for (const unit of ['edge', 'origin']) {
      const before = await property(unit, 'NRestarts');
      await must(`systemctl kill --kill-whom=main --signal=STOP skerry-${unit}`);
      await until(
        'the restart',
        async () => (await property(unit, 'NRestarts')) !== before && isActive(unit),
        90_000,
      );
      t.match(await must(`journalctl --unit skerry-${unit}`), /Failed with result 'watchdog'/);
    }
    await must('echo two >/tmp/site/index.html');
    await asAdmin('publish /tmp/site --site docs --wait');
    t.match(await readPage(debian), { code: 0, stdout: 'two\n' });
  });

  await t.test('a revoked edge ends and is not started again', async (t) => {
    await asAdmin('edge drain paris');
    await asAdmin('edge revoke paris');
    await until('the end', async () => (await property('edge', 'ActiveState')) === 'failed');
    t.equal(await property('edge', 'ExecMainStatus'), '4');
    t.match(await must('journalctl --unit skerry-edge'), /the origin has revoked the edge paris/);
    t.not((await debian.run('systemctl restart skerry-edge')).code, 0);
    t.match(await property('edge', 'ActiveState'), 'failed');
    t.not((await readPage(debian)).code, 0);
  });

  await t.test('a role that was started with wrong options is not started again', async (t) => {
    await must('echo SKERRY_PORT=none >>/etc/skerry/edge.env');
    t.not((await debian.run('systemctl restart skerry-edge')).code, 0);
    t.match(await property('edge', 'ActiveState'), 'failed');
    t.match(await must('journalctl --unit skerry-edge --lines 20'), /--port/);
  });

  await t.test('a role that is told to stop ends by itself', async (t) => {
    await must('systemctl stop skerry-origin');
    t.match(await property('origin', 'Result'), 'success');
  });
}

function readPage(debian: BootedDebian) {
  return debian.inItsNetwork('curl', '-sf', '-H', 'Host: docs.localhost', 'http://127.0.0.1/');
}
