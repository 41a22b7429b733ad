import { Writable } from 'node:stream';
import t from 'tap';
import { progressBar, sendingText } from '../../../../bin/terminal/progress.ts';
import { TransferRate } from '../../../../bin/terminal/transfer-rate.ts';
import { until } from '../../../helpers/until.ts';

/** A clock that stands still between the steps of a test. */
function stoppedClock() {
  let ms = 0;
  return {
    monotonic: () => ms,
    pass(by: number) {
      ms += by;
    },
  };
}

t.test('the rate is the mean of the last five seconds', async (t) => {
  const clock = stoppedClock();
  const rate = new TransferRate(clock);
  const send = (bytes: number, ms: number) => {
    clock.pass(ms);
    rate.note(bytes);
  };
  rate.note(0);
  t.equal(rate.bytesPerSecond, undefined);
  send(1000, 400);
  t.equal(rate.bytesPerSecond, undefined, 'too early to tell');
  send(2000, 400);
  t.equal(rate.bytesPerSecond, 2500);
  for (let i = 1; i <= 1000; i++) send(2000 + i, 10);
  const slow = rate.bytesPerSecond ?? 0;
  t.ok(slow > 95 && slow < 105, `${slow}: the fast beginning no longer counts`);
  send(3000, 6000);
  t.equal(rate.bytesPerSecond, 0);
  rate.note(10);
  t.equal(rate.bytesPerSecond, undefined, 'a new transfer');
});

t.test('what is shown while files are sent', async (t) => {
  t.equal(sendingText(0, 2_000_000, undefined), 'sending 0 B of 2.0 MB');
  t.equal(sendingText(500_000, 2_000_000, 100_000), 'sending 500 kB of 2.0 MB, 100 kB/s, 15 s left');
  t.equal(sendingText(500_000, 2_000_000, 0), 'sending 500 kB of 2.0 MB, 0 B/s');
  t.equal(sendingText(2_000_000, 2_000_000, 100_000), 'sending 2.0 MB of 2.0 MB');
});

class Screen extends Writable {
  text = '';
  readonly columns = 100;
  readonly isTTY: boolean;
  constructor(isTTY: boolean) {
    super({ decodeStrings: false });
    this.isTTY = isTTY;
  }
  override _write(chunk: string, _encoding: string, done: () => void) {
    this.text += chunk;
    done();
  }
}

t.test('a terminal shows a bar, a pipe nothing', async (t) => {
  const clock = stoppedClock();
  for (const isTerminal of [true, false]) {
    const screen = new Screen(isTerminal);
    const bar = progressBar({ stream: screen, clock });
    t.teardown(bar.stop);
    for (const sentBytes of [0, 500_000, 1_000_000]) {
      bar.update({ hashed: 2, files: 2, sentBytes, bytesToSend: 4_000_000 });
      clock.pass(1000);
    }
    const shown = () => /25% sending 1\.0 MB of 4\.0 MB, 500 kB\/s, 6 s left/.test(screen.text);
    if (isTerminal) await until('the bar', shown);
    else t.equal(screen.text, '');
  }
});
