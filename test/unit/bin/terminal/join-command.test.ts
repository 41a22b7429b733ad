import t from 'tap';
import { joinCommand } from '../../../../bin/terminal/join-command.ts';

const machine = [
  { address: '127.0.0.1', family: 'IPv4', internal: true },
  { address: '2001:db8::5', family: 'IPv6', internal: false },
  { address: '10.0.0.5', family: 'IPv4', internal: false },
];
const asked = { token: 'skj_x', name: 'paris', region: 'eu-west', origin: 'https://origin.example:7400' };

t.test('the whole command for the other host', async (t) => {
  t.equal(
    joinCommand(asked, machine),
    'echo skj_x | skerry edge --join - --origin https://origin.example:7400 --name paris --region eu-west' +
      ' --data /var/lib/skerry --host 0.0.0.0 --port 80',
  );
  t.match(joinCommand({ ...asked, region: "l'île" }, machine), "--region 'l'\\''île' ");
  t.match(joinCommand({ ...asked, ca: '/etc/ca.pem' }, machine), /--ca \/etc\/ca\.pem$/);
  const plain = { ...asked, origin: 'http://origin.example', insecure: true };
  t.match(joinCommand(plain, machine), /--origin http:\/\/origin\.example .*--insecure$/);
});

t.test('an origin that this host reaches on loopback', async (t) => {
  const local = { ...asked, origin: 'https://127.0.0.1:7400' };
  t.match(joinCommand(local, machine), '--origin https://10.0.0.5:7400 ');
  t.match(joinCommand(local, machine.slice(0, 2)), "--origin 'https://[2001:db8::5]:7400' ");
  t.throws(() => joinCommand(local, machine.slice(0, 1)), { code: 'bad-config' });
  t.throws(() => joinCommand({ ...asked, origin: 'http://127.0.0.1:7400' }, machine), { code: 'bad-config' });
});
