import t from 'tap';
import {
  afterFailure,
  afterProbing,
  afterSign,
  isProbeDue,
  isSilent,
  type Reach,
  UNTRIED,
} from '../../../../../edge/follow/upstream/reach-state.ts';

const vain = (reach: Reach, sent: number, now: number) => afterFailure(reach, { sent, now });

t.test('who is taken for silent', async (t) => {
  const heardAt = (now: number) => afterSign(UNTRIED, now);
  const table: [name: string, reach: Reach, now: number, silent: boolean][] = [
    ['one that nobody has asked', UNTRIED, 0, false],
    ['a request that waited in vain', vain(heardAt(500), 1000, 6000), 6000, true],
    ['the first one at all', vain(UNTRIED, 1000, 6000), 6000, true],
    ['somebody else was answered meanwhile: slow', vain(heardAt(2000), 1000, 6000), 6000, false],
    ['a connection that is refused at once', vain(UNTRIED, 1000, 1900), 1900, false],
    ['refused at once: the host is back', vain(vain(UNTRIED, 0, 5000), 6000, 6001), 6001, false],
    ['it answers again', afterSign(vain(UNTRIED, 0, 5000), 6000), 6000, false],
    ['for 15 seconds', vain(UNTRIED, 0, 5000), 19_999, true],
    ['then it is tried in earnest', vain(UNTRIED, 0, 5000), 20_000, false],
    ['unless another waited in vain', vain(vain(UNTRIED, 0, 5000), 9000, 11_000), 25_000, true],
  ];
  for (const [name, reach, now, silent] of table) t.equal(isSilent(reach, now), silent, name);
});

t.test('it is asked once a second whether it is back', async (t) => {
  t.ok(isProbeDue(UNTRIED, 0));
  const probed = afterProbing(vain(UNTRIED, 0, 5000), 5000);
  t.notOk(isProbeDue(probed, 5999));
  t.ok(isProbeDue(probed, 6000));
  t.ok(isSilent(probed, 5000), 'to ask is no sign of life');
});
