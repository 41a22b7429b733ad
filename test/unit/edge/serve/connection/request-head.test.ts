import t from 'tap';
import { checkHead } from '../../../../../edge/serve/connection/request-head.ts';

const HOST = ['Host', 'a.example'];
const sound: [target: string, rawHeaders: string[], path: string, version?: string][] = [
  ['/a', HOST, '/a'],
  ['/a', ['hOsT', 'a.example:8080'], '/a'],
  ['/a', ['Host', '[::1]:7500'], '/a'],
  ['/a', ['Host', '127.0.0.1:'], '/a'],
  ['/a', [], '/a', '1.0'],
  ['*', HOST, '*'],
  ['http://a.example/b?c=d', HOST, '/b?c=d'],
  ['HTTPS://A.example/b', HOST, '/b'],
  ['http://a.example', HOST, '/'],
  ['http://a.example?c', HOST, '/?c'],
  ['http://a.example/b', [], '/b', '1.0'],
  ['//a', HOST, '//a'],
  ['/a', [...HOST, 'Transfer-Encoding', 'chunked'], '/a'],
];
for (const [target, rawHeaders, path, httpVersion = '1.1'] of sound)
  t.match(
    checkHead({ target, httpVersion, rawHeaders }),
    { kind: 'sound', target: path },
    `${target} ${rawHeaders}`,
  );

const refused: [target: string, rawHeaders: string[], version?: string][] = [
  ['/a', []],
  ['/a', ['Host', '']],
  ['/a', ['Host', 'a b']],
  ['/a', ['Host', 'a/b']],
  ['/a', ['Host', 'user@a']],
  ['/a', ['Host', 'a:80:80']],
  ['/a', ['Host', 'a:port']],
  ['/a', ['Host', 'a, b']],
  ['/a', ['Host', '[::1']],
  ['/a', ['Host', ''], '1.0'],
  ['/a', [...HOST, 'host', 'a.example']],
  ['http://b.example/a', HOST],
  ['http://a.example:81/a', HOST],
  ['http://user@a.example/a', HOST],
  ['/a', [...HOST, 'Transfer-Encoding', 'gzip, chunked']],
  ['/a', [...HOST, 'Transfer-Encoding', 'identity']],
  ['/a', [...HOST, 'Transfer-Encoding', 'chunked'], '1.0'],
  ['/a', [...HOST, 'Transfer-Encoding', 'chunked', 'transfer-encoding', 'chunked']],
];
for (const [target, rawHeaders, httpVersion = '1.1'] of refused)
  t.match(checkHead({ target, httpVersion, rawHeaders }), { kind: 'refused' }, `${target} ${rawHeaders}`);
const h2 = [':method', 'GET', ':authority', 'a.example'];
const table: [rawHeaders: string[], kind: string][] = [
  [h2, 'sound'],
  [[...h2, 'host', 'A.example'], 'sound'],
  [[...h2, 'host', 'b.example'], 'refused'],
  [[...h2, 'host', 'a.example', 'host', 'a.example'], 'refused'],
  [[':method', 'GET', 'host', 'a.example'], 'sound'],
  [[':method', 'GET'], 'refused'],
  [[':authority', 'user@a.example'], 'refused'],
];
for (const [rawHeaders, kind] of table)
  t.match(checkHead({ target: '/', httpVersion: '2.0', rawHeaders }), { kind }, `${rawHeaders}`);
t.end();
