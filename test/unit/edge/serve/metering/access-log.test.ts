import t from 'tap';
import { combinedLine, type Exchange } from '../../../../../edge/serve/metering/access-log.ts';

const exchange: Exchange = {
  time: Date.UTC(2026, 10, 5, 7, 8, 9),
  site: 'www',
  client: '10.0.0.1',
  scheme: 'https',
  version: '1.1',
  method: 'GET',
  host: 'a.example',
  target: '/a?b=c',
  status: 200,
  bytes: 1234,
  seconds: 0.01,
  referer: 'https://b.example/',
  agent: 'curl/8',
  cache: 'Skerry; hit; detail=memory',
};

t.equal(
  combinedLine(exchange),
  '10.0.0.1 - - [05/Nov/2026:07:08:09 +0000] "GET /a?b=c HTTP/1.1" 200 1234 "https://b.example/" "curl/8"',
);
t.equal(
  combinedLine({ ...exchange, referer: undefined, agent: 'a "quoted\\ one"\r\nb\x7f\xe9' }),
  '10.0.0.1 - - [05/Nov/2026:07:08:09 +0000] "GET /a?b=c HTTP/1.1" 200 1234 "-" ' +
    '"a \\x22quoted\\x5c one\\x22\\x0d\\x0ab\\x7f\\xe9"',
);
t.end();
