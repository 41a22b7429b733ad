import t from 'tap';
import { signHead } from '../../../../shared/log/head.ts';
import { signRecord } from '../../../../shared/log/record.ts';
import {
  decodeFrame,
  encodeFrame,
  type Frame,
  MOST_AHEAD_SITES,
  MOST_CALLED,
} from '../../../../shared/wire/frame.ts';
import { LOG, originKey, ROOT, TIME } from '../fixed-keys.ts';

const hash = 'e357470112787cf95edf6d1b2904cd3083332d7115fe432256c2d0defd912143';
const head = signHead({ log: LOG, epoch: 1, seq: 2, hash, time: TIME + 1000 }, originKey);
const record = signRecord(
  {
    log: LOG,
    epoch: 1,
    seq: 2,
    prev: 'df09c113078a7f60754e74af261504e60e33459d41fa84c29a81e3bb7443a608',
    kind: 'revision',
    critical: true,
    time: TIME,
    site: 1,
    revision: 1,
    root: ROOT,
    payload: '{"base":0,"files":3,"bytes":37,"message":"first","restores":null,"mode":"async"}',
  },
  originKey,
);
const headFrame: Frame = { v: 1, t: 'head', head };
const recordFrame: Frame = { v: 1, t: 'record', record };
const pathFrame: Frame = { v: 1, t: 'path', names: ['oslo-1', 'bergen'] };
const callFrame: Frame = { v: 1, t: 'report-now', edges: ['oslo-1', 'bergen'] };

const aheadFrame: Frame = { v: 1, t: 'objects-ahead', sites: [1, 7] };

const HEAD_LINE =
  `{"v":1,"t":"head","head":{"log":"${LOG}","epoch":1,"seq":2,"hash":"${hash}","time":1767225601000,` +
  '"sig":"j2TyK8iOaSLaY6FnYdz6lozUUekBHMwUgLG9YeInQTqgKks5BWuunnG3lphKXMULc8_jEHMyqb37CSo5Vv35CA"}}\n';
const RECORD_LINE =
  `{"v":1,"t":"record","record":{"log":"${LOG}","epoch":1,"seq":2,` +
  '"prev":"df09c113078a7f60754e74af261504e60e33459d41fa84c29a81e3bb7443a608","kind":"revision",' +
  `"critical":true,"time":1767225600000,"site":1,"revision":1,"root":"${ROOT}",` +
  '"payload":"{\\"base\\":0,\\"files\\":3,\\"bytes\\":37,\\"message\\":\\"first\\",\\"restores\\":null,\\"mode\\":\\"async\\"}",' +
  '"sig":"xKzCaERjOjgZyhEQR5GopMgDg9Hm5uLQNXcQ-6NdWO21O8k7dAtVWv0WiOuLEQSK-26CehpNFikIwFv3SL5nAg"}}\n';

const CALL_LINE = '{"v":1,"t":"report-now","edges":["oslo-1","bergen"]}\n';
const AHEAD_LINE = '{"v":1,"t":"objects-ahead","sites":[1,7]}\n';
const PATH_LINE = '{"v":1,"t":"path","names":["oslo-1","bergen"]}\n';

t.test('encodes to the frozen lines', async (t) => {
  t.equal(encodeFrame(pathFrame), PATH_LINE);
  t.equal(encodeFrame(callFrame), CALL_LINE);
  t.equal(encodeFrame(aheadFrame), AHEAD_LINE);
  t.equal(encodeFrame(headFrame), HEAD_LINE);
  t.equal(encodeFrame(recordFrame), RECORD_LINE);
});

t.test('decodes the frozen lines', async (t) => {
  t.same(decodeFrame(PATH_LINE.trimEnd()), pathFrame);
  t.same(decodeFrame(CALL_LINE.trimEnd()), callFrame);
  t.same(
    decodeFrame('{"v":1,"t":"report-now","edges":null}'),
    { v: 1, t: 'report-now', edges: null },
    'to all',
  );
  t.same(decodeFrame('{"v":1,"t":"path","names":[]}'), { v: 1, t: 'path', names: [] }, 'that of the origin');
  t.same(decodeFrame(AHEAD_LINE.trimEnd()), aheadFrame);
  t.same(decodeFrame(HEAD_LINE.trimEnd()), headFrame);
  t.same(decodeFrame(RECORD_LINE.trimEnd()), recordFrame);
});

t.test('a frame is one line, whatever its strings hold', async (t) => {
  const line = encodeFrame({
    v: 1,
    t: 'record',
    record: { ...record, payload: '{"message":"a\nb\u2028"}\n' },
  });
  t.equal(line.indexOf('\n'), line.length - 1);
});

t.test('passes over types and versions that it does not know', async (t) => {
  t.same(decodeFrame('{"v":1,"t":"task","job":{}}'), { t: 'unknown', type: 'task/1', critical: false });
  t.same(decodeFrame('{"v":2,"t":"head","other":1}'), { t: 'unknown', type: 'head/2', critical: false });
  t.same(decodeFrame('{"v":1,"t":"unknown"}'), { t: 'unknown', type: 'unknown/1', critical: false });
});

t.test('tells when it must not pass over one', async (t) => {
  t.same(decodeFrame('{"v":1,"t":"prepare","critical":true}'), {
    t: 'unknown',
    type: 'prepare/1',
    critical: true,
  });
  t.same(decodeFrame('{"v":3,"t":"record","critical":true}'), {
    t: 'unknown',
    type: 'record/3',
    critical: true,
  });
});

t.test('refuses what is no frame', async (t) => {
  for (const line of [
    '',
    '{',
    'null',
    '[]',
    '"head"',
    '{}',
    '{"v":1}',
    '{"v":1,"t":"report-now"}',
    '{"v":1,"t":"report-now","edges":"all"}',
    '{"v":1,"t":"report-now","edges":["../x"]}',
    `{"v":1,"t":"report-now","edges":${JSON.stringify(Array(MOST_CALLED + 1).fill('a'))}}`,
    '{"v":1,"t":"objects-ahead"}',
    '{"v":1,"t":"objects-ahead","sites":null}',
    '{"v":1,"t":"objects-ahead","sites":[0]}',
    `{"v":1,"t":"objects-ahead","sites":${JSON.stringify(Array(MOST_AHEAD_SITES + 1).fill(1))}}`,
    '{"t":"head"}',
    '{"v":"1","t":"head"}',
    '{"v":1,"t":"head"}',
    '{"v":1,"t":"record","record":{}}',
    '{"v":1,"t":"path"}',
    '{"v":1,"t":"path","names":"oslo-1"}',
    '{"v":1,"t":"path","names":[1]}',
    `{"v":1,"t":"path","names":["${'x'.repeat(64)}"]}`,
    `{"v":1,"t":"path","names":${JSON.stringify(Array(65).fill('x'))}}`,
    '{"v":1,"t":"task","critical":"yes"}',
    HEAD_LINE.replace('"seq":2', '"seq":-1'),
    RECORD_LINE.replace('"seq":2', '"seq":0'),
    RECORD_LINE.replace('"site":1', '"site":1,"extra":1'),
  ]) {
    t.throws(() => decodeFrame(line), { code: 'upstream-protocol' }, line.slice(0, 60));
  }
});

t.test('refuses every truncation', async (t) => {
  for (let length = 0; length < HEAD_LINE.length - 1; length++) {
    t.throws(() => decodeFrame(HEAD_LINE.slice(0, length)), { code: 'upstream-protocol' });
  }
});
