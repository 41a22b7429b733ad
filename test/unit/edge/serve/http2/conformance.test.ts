import t from 'tap';
import { head, OpenedConnection } from '../../../../helpers/http2-connection.ts';
import {
  ACK,
  END_HEADERS,
  END_STREAM,
  frame,
  PADDED,
  PREFACE,
  PRIORITY,
  setting,
  uint32,
  WHOLE,
} from '../../../../helpers/http2-frames.ts';

/**
 * What a server must do with the frames of a client. The cases are those of h2spec and of RFC 9218, named by the
 * sections of the RFCs.
 */

const PROTOCOL = 1;
const FLOW_CONTROL = 3;
const STREAM_CLOSED = 5;
const FRAME_SIZE = 6;
const REFUSED = 7;
const COMPRESSION = 9;

type Expected =
  | { readonly goAway: number }
  /** Stream 1, unless another is named. */
  | { readonly reset: number; readonly id?: number }
  /** The request on this stream is answered. */
  | { readonly answered: number }
  /** A PING that follows is answered, and the connection goes on. */
  | 'goes-on';

interface Case {
  readonly name: string;
  /** The frames after the greeting. */
  readonly frames: readonly Buffer[];
  readonly expected: Expected;
  /** Frames that are sent when the server has answered those before. */
  readonly later?: readonly Buffer[];
}

const PSEUDO = [':method', ':scheme', ':path', ':authority'];
const GET = head();
const get = (id: number) => frame('headers', WHOLE, id, GET);
/** A request whose body is still to come. */
const post = (id: number, fields: readonly (readonly [string, string])[] = []) =>
  frame('headers', END_HEADERS, id, head([[':method', 'POST'], ...fields]));
const wrong = (
  fields: readonly (readonly [string, string])[],
  without: readonly string[] = [],
): readonly Buffer[] => [frame('headers', WHOLE, 1, head(fields, without))];
const block = (hex: string) => [frame('headers', WHOLE, 1, Buffer.concat([GET, Buffer.from(hex, 'hex')]))];

const PRIORITY_UPDATE = 16;
const update = (id: number, text: string) =>
  frame(PRIORITY_UPDATE, 0, 0, Buffer.concat([uint32(id), Buffer.from(text)]));

const CASES: Readonly<Record<string, readonly Case[]>> = {
  'RFC 9113, 4.1 frame format': [
    {
      name: 'a frame of an unknown type is ignored',
      frames: [frame(0x16, 0, 0, Buffer.alloc(8))],
      expected: 'goes-on',
    },
    {
      name: 'undefined flags are ignored',
      frames: [frame('ping', 0xfe, 0, Buffer.alloc(8))],
      expected: 'goes-on',
    },
    {
      name: 'the reserved bit is ignored',
      frames: [frame('ping', 0, 0x8000_0000, Buffer.alloc(8))],
      expected: 'goes-on',
    },
  ],
  'RFC 9113, 4.2 frame size': [
    {
      name: 'DATA of 16,384 bytes',
      frames: [post(1), frame('data', END_STREAM, 1, Buffer.alloc(16_384))],
      expected: { answered: 1 },
    },
    {
      name: 'DATA that is larger',
      frames: [post(1), frame('data', END_STREAM, 1, Buffer.alloc(16_385))],
      expected: { goAway: FRAME_SIZE },
    },
    {
      name: 'HEADERS that are larger',
      frames: [frame('headers', WHOLE, 1, Buffer.concat([GET, Buffer.alloc(16_384, 0x82)]))],
      expected: { goAway: FRAME_SIZE },
    },
  ],
  'RFC 9113, 4.3 field section compression': [
    { name: 'an invalid block', frames: block('be'), expected: { goAway: COMPRESSION } },
    {
      name: 'PRIORITY within a block',
      frames: [frame('headers', END_STREAM, 1, GET), frame('priority', 0, 1, Buffer.alloc(5, 1))],
      expected: { goAway: PROTOCOL },
    },
    {
      name: 'HEADERS of another stream within a block',
      frames: [frame('headers', END_STREAM, 1, GET), get(3)],
      expected: { goAway: PROTOCOL },
    },
  ],
  'RFC 9113, 5.1 stream states': [
    { name: 'idle: DATA', frames: [frame('data', END_STREAM, 1, GET)], expected: { goAway: PROTOCOL } },
    { name: 'idle: RST_STREAM', frames: [frame('reset', 0, 1, uint32(8))], expected: { goAway: PROTOCOL } },
    {
      name: 'idle: WINDOW_UPDATE',
      frames: [frame('window', 0, 1, uint32(100))],
      expected: { goAway: PROTOCOL },
    },
    {
      name: 'idle: CONTINUATION',
      frames: [frame('continuation', WHOLE, 1, GET)],
      expected: { goAway: PROTOCOL },
    },
    {
      name: 'idle: PRIORITY is allowed',
      frames: [frame('priority', 0, 1, Buffer.alloc(5, 1))],
      expected: 'goes-on',
    },
    {
      name: 'half-closed: DATA',
      frames: [get(1), frame('data', END_STREAM, 1, Buffer.from('x'))],
      expected: { reset: STREAM_CLOSED },
    },
    { name: 'half-closed: HEADERS', frames: [get(1), get(1)], expected: { reset: STREAM_CLOSED } },
    {
      name: 'half-closed: CONTINUATION',
      frames: [get(1), frame('continuation', END_HEADERS, 1, GET)],
      expected: { goAway: PROTOCOL },
    },
    {
      name: 'closed by RST_STREAM: DATA',
      frames: [post(1), frame('reset', 0, 1, uint32(8)), frame('data', END_STREAM, 1, Buffer.from('x'))],
      expected: { reset: STREAM_CLOSED },
    },
    {
      name: 'closed by RST_STREAM: HEADERS',
      frames: [post(1), frame('reset', 0, 1, uint32(8)), get(1)],
      expected: { goAway: STREAM_CLOSED },
    },
    {
      name: 'closed by RST_STREAM: CONTINUATION',
      frames: [post(1), frame('reset', 0, 1, uint32(8)), frame('continuation', END_HEADERS, 1, GET)],
      expected: { goAway: PROTOCOL },
    },
    {
      name: 'closed: DATA',
      frames: [get(1)],
      later: [frame('data', END_STREAM, 1, Buffer.from('x'))],
      expected: { reset: STREAM_CLOSED },
    },
    { name: 'closed: HEADERS', frames: [get(1)], later: [get(1)], expected: { goAway: STREAM_CLOSED } },
    {
      name: 'closed: CONTINUATION',
      frames: [get(1)],
      later: [frame('continuation', END_HEADERS, 1, GET)],
      expected: { goAway: PROTOCOL },
    },
    {
      name: 'closed: WINDOW_UPDATE and RST_STREAM may still arrive',
      frames: [get(1)],
      later: [frame('window', 0, 1, uint32(5000)), frame('reset', 0, 1, uint32(8))],
      expected: 'goes-on',
    },
  ],
  'RFC 9113, 5.1.1 stream identifiers': [
    { name: 'an even number', frames: [get(2)], expected: { goAway: PROTOCOL } },
    { name: 'a number below the last one', frames: [get(5), get(3)], expected: { goAway: PROTOCOL } },
  ],
  'RFC 9113, 5.1.2 stream concurrency': [
    {
      name: 'one stream too many',
      frames: Array.from({ length: 129 }, (_, i) => post(2 * i + 1)),
      expected: { reset: REFUSED, id: 257 },
    },
  ],
  'RFC 9113, 5.5 extending HTTP/2': [
    {
      name: 'an unknown frame between others',
      frames: [post(1), frame(0xee, 0xff, 1, Buffer.alloc(20)), frame('data', END_STREAM, 1)],
      expected: { answered: 1 },
    },
    {
      name: 'an unknown frame within a block',
      frames: [frame('headers', END_STREAM, 1, GET), frame(0xee, 0, 1)],
      expected: { goAway: PROTOCOL },
    },
  ],
  'RFC 9113, 6.1 DATA': [
    { name: 'of stream 0', frames: [post(1), frame('data', 0, 0, GET)], expected: { goAway: PROTOCOL } },
    {
      name: 'more padding than payload',
      frames: [post(1), frame('data', END_STREAM | PADDED, 1, Buffer.from([6, 0, 0, 0, 0]))],
      expected: { goAway: PROTOCOL },
    },
    {
      name: 'padding is no content',
      frames: [
        post(1, [['content-length', '2']]),
        frame('data', END_STREAM | PADDED, 1, Buffer.from([3, 1, 2, 0, 0, 0])),
      ],
      expected: { answered: 1 },
    },
  ],
  'RFC 9113, 6.2 HEADERS': [
    {
      name: 'padding and priority',
      frames: [
        frame(
          'headers',
          WHOLE | PADDED | PRIORITY,
          1,
          Buffer.concat([Buffer.from([2, 0, 0, 0, 3, 15]), GET, Buffer.alloc(2)]),
        ),
      ],
      expected: { answered: 1 },
    },
    { name: 'of stream 0', frames: [get(0)], expected: { goAway: PROTOCOL } },
    {
      name: 'more padding than payload',
      frames: [frame('headers', WHOLE | PADDED, 1, Buffer.concat([Buffer.from([GET.length + 1]), GET]))],
      expected: { goAway: PROTOCOL },
    },
    {
      name: 'a priority that is cut off',
      frames: [frame('headers', WHOLE | PRIORITY, 1, Buffer.alloc(4))],
      expected: { goAway: FRAME_SIZE },
    },
  ],
  'RFC 9113, 6.3 PRIORITY': [
    {
      name: 'of stream 0',
      frames: [frame('priority', 0, 0, Buffer.alloc(5))],
      expected: { goAway: PROTOCOL },
    },
    {
      name: 'of 4 bytes',
      frames: [post(1), frame('priority', 0, 1, uint32(0))],
      expected: { reset: FRAME_SIZE },
    },
    {
      name: 'of 4 bytes, of a stream that cannot be reset',
      frames: [frame('priority', 0, 1, uint32(0))],
      expected: { goAway: FRAME_SIZE },
    },
  ],
  'RFC 9218, 2.1 SETTINGS_NO_RFC7540_PRIORITIES': [
    { name: '1', frames: [frame('settings', 0, 0, setting(9, 1))], expected: 'goes-on' },
    { name: '2', frames: [frame('settings', 0, 0, setting(9, 2))], expected: { goAway: PROTOCOL } },
  ],
  'RFC 9218, 4 priority parameters': [
    ...['u=1', 'u=9', 'i', '', '=,?', 'u=1'.repeat(1000)].map((priority) => ({
      name: `"${priority.slice(0, 10)}"`,
      frames: [frame('headers', WHOLE, 1, head([['priority', priority]]))],
      expected: { answered: 1 },
    })),
  ],
  'RFC 9218, 7.1 PRIORITY_UPDATE': [
    { name: 'of a stream that is open', frames: [post(1), update(1, 'u=1, i')], expected: 'goes-on' },
    { name: 'before the request', frames: [update(1, 'u=1'), get(1)], expected: { answered: 1 } },
    { name: 'of a stream that is closed', frames: [get(1)], later: [update(1, 'u=1')], expected: 'goes-on' },
    { name: 'that is malformed', frames: [update(1, '=,?'), get(1)], expected: { answered: 1 } },
    {
      name: 'for more streams than are remembered',
      frames: [...Array.from({ length: 100 }, (_, i) => update(2 * i + 1, 'i')), get(1)],
      expected: { answered: 1 },
    },
    {
      name: 'on a stream',
      frames: [post(1), frame(PRIORITY_UPDATE, 0, 1, Buffer.concat([uint32(1), Buffer.from('i')]))],
      expected: { goAway: PROTOCOL },
    },
    { name: 'of stream 0', frames: [update(0, 'i')], expected: { goAway: PROTOCOL } },
    { name: 'of a pushed stream', frames: [update(2, 'i')], expected: { goAway: PROTOCOL } },
    {
      name: 'of 3 bytes',
      frames: [frame(PRIORITY_UPDATE, 0, 0, Buffer.alloc(3))],
      expected: { goAway: FRAME_SIZE },
    },
  ],
  'RFC 9113, 6.4 RST_STREAM': [
    { name: 'of stream 0', frames: [frame('reset', 0, 0, uint32(8))], expected: { goAway: PROTOCOL } },
    {
      name: 'of 3 bytes',
      frames: [post(1), frame('reset', 0, 1, Buffer.alloc(3))],
      expected: { goAway: FRAME_SIZE },
    },
  ],
  'RFC 9113, 6.5 SETTINGS': [
    {
      name: 'an acknowledgement with a payload',
      frames: [frame('settings', ACK, 0, setting(1, 0))],
      expected: { goAway: FRAME_SIZE },
    },
    {
      name: 'of a stream',
      frames: [frame('settings', 0, 1, setting(3, 10))],
      expected: { goAway: PROTOCOL },
    },
    {
      name: 'of 3 bytes',
      frames: [frame('settings', 0, 0, Buffer.alloc(3))],
      expected: { goAway: FRAME_SIZE },
    },
  ],
  'RFC 9113, 6.5.2 defined settings': [
    {
      name: 'ENABLE_PUSH of 2',
      frames: [frame('settings', 0, 0, setting(2, 2))],
      expected: { goAway: PROTOCOL },
    },
    {
      name: 'INITIAL_WINDOW_SIZE beyond 2^31 - 1',
      frames: [frame('settings', 0, 0, setting(4, 2 ** 31))],
      expected: { goAway: FLOW_CONTROL },
    },
    {
      name: 'MAX_FRAME_SIZE below 16,384',
      frames: [frame('settings', 0, 0, setting(5, 16_383))],
      expected: { goAway: PROTOCOL },
    },
    {
      name: 'MAX_FRAME_SIZE beyond 2^24 - 1',
      frames: [frame('settings', 0, 0, setting(5, 2 ** 24))],
      expected: { goAway: PROTOCOL },
    },
    {
      name: 'an unknown setting is ignored',
      frames: [frame('settings', 0, 0, setting(0xff, 1))],
      expected: 'goes-on',
    },
  ],
  'RFC 9113, 6.6 PUSH_PROMISE': [
    {
      name: 'a client cannot push',
      frames: [frame('push', END_HEADERS, 1, Buffer.concat([uint32(3), GET]))],
      expected: { goAway: PROTOCOL },
    },
  ],
  'RFC 9113, 6.7 PING': [
    { name: 'of a stream', frames: [frame('ping', 0, 1, Buffer.alloc(8))], expected: { goAway: PROTOCOL } },
    { name: 'of 6 bytes', frames: [frame('ping', 0, 0, Buffer.alloc(6))], expected: { goAway: FRAME_SIZE } },
  ],
  'RFC 9113, 6.8 GOAWAY': [
    { name: 'of a stream', frames: [frame('goAway', 0, 1, Buffer.alloc(8))], expected: { goAway: PROTOCOL } },
    {
      name: 'of 7 bytes',
      frames: [frame('goAway', 0, 0, Buffer.alloc(7))],
      expected: { goAway: FRAME_SIZE },
    },
  ],
  'RFC 9113, 6.9 WINDOW_UPDATE': [
    {
      name: 'by 0, of the connection',
      frames: [frame('window', 0, 0, uint32(0))],
      expected: { goAway: PROTOCOL },
    },
    {
      name: 'by 0, of a stream',
      frames: [post(1), frame('window', 0, 1, uint32(0))],
      expected: { reset: PROTOCOL },
    },
    {
      name: 'of 3 bytes',
      frames: [frame('window', 0, 0, Buffer.alloc(3))],
      expected: { goAway: FRAME_SIZE },
    },
  ],
  'RFC 9113, 6.9.1 the flow-control window': [
    {
      name: 'a window of the connection beyond 2^31 - 1',
      frames: [frame('window', 0, 0, uint32(2 ** 31 - 1)), frame('window', 0, 0, uint32(2 ** 31 - 1))],
      expected: { goAway: FLOW_CONTROL },
    },
    {
      name: 'a window of a stream beyond 2^31 - 1',
      frames: [post(1), frame('window', 0, 1, uint32(2 ** 31 - 1))],
      expected: { reset: FLOW_CONTROL },
    },
    {
      name: 'more DATA than the window of this server',
      frames: [
        // Each half of the window is given back at once, so only one frame could go beyond it.
        post(1),
        ...Array.from({ length: 20 }, () => frame('data', 0, 1, Buffer.alloc(16_384))),
      ],
      expected: 'goes-on',
    },
  ],
  'RFC 9113, 6.9.2 the initial window': [
    {
      name: 'a setting that makes the window of a stream too large',
      frames: [
        post(1),
        frame('window', 0, 1, uint32(2 ** 31 - 1 - 65_535)),
        frame('settings', 0, 0, setting(4, 2 ** 31 - 1)),
      ],
      expected: { goAway: FLOW_CONTROL },
    },
  ],
  'RFC 9113, 6.10 CONTINUATION': [
    {
      name: 'several of them',
      frames: [
        frame('headers', END_STREAM, 1, GET.subarray(0, 1)),
        frame('continuation', 0, 1, GET.subarray(1, 2)),
        frame('continuation', END_HEADERS, 1, GET.subarray(2)),
      ],
      expected: { answered: 1 },
    },
    {
      name: 'DATA after HEADERS that are not whole',
      frames: [frame('headers', 0, 1, GET), frame('data', END_STREAM, 1)],
      expected: { goAway: PROTOCOL },
    },
    {
      name: 'of stream 0',
      frames: [frame('headers', END_STREAM, 1, GET), frame('continuation', END_HEADERS, 0)],
      expected: { goAway: PROTOCOL },
    },
    {
      name: 'of another stream',
      frames: [frame('headers', END_STREAM, 1, GET), frame('continuation', END_HEADERS, 3)],
      expected: { goAway: PROTOCOL },
    },
    {
      name: 'after the end of a block',
      frames: [post(1), frame('continuation', END_HEADERS, 1, GET)],
      expected: { goAway: PROTOCOL },
    },
    {
      name: 'after DATA',
      frames: [post(1), frame('data', 0, 1, Buffer.from('x')), frame('continuation', END_HEADERS, 1)],
      expected: { goAway: PROTOCOL },
    },
  ],
  'RFC 9113, 7 error codes': [
    {
      name: 'RST_STREAM with an unknown code',
      frames: [post(1), frame('reset', 0, 1, uint32(0xff))],
      expected: 'goes-on',
    },
    {
      name: 'GOAWAY with an unknown code',
      frames: [frame('goAway', 0, 0, Buffer.from([0, 0, 0, 0, 0, 0, 0, 0xff]))],
      expected: 'goes-on',
    },
  ],
  'RFC 9113, 8.1 message framing': [
    {
      name: 'trailers that do not end the stream',
      frames: [post(1), frame('headers', END_HEADERS, 1, head([['x', 'y']], PSEUDO))],
      expected: { reset: PROTOCOL },
    },
    {
      name: 'trailers are accepted and ignored',
      frames: [
        post(1),
        frame('data', 0, 1, Buffer.from('x')),
        frame('headers', WHOLE, 1, head([['x-sum', 'y']], PSEUDO)),
      ],
      expected: { answered: 1 },
    },
    {
      name: 'a pseudo-header among trailers',
      frames: [post(1), frame('headers', WHOLE, 1, head([], [':path', ':scheme', ':authority']))],
      expected: { reset: PROTOCOL },
    },
  ],
  'RFC 9113, 8.1.1 malformed messages': [
    {
      name: 'a content-length without a body',
      frames: wrong([['content-length', '1']]),
      expected: { reset: PROTOCOL },
    },
    {
      name: 'a content-length that is no number',
      frames: wrong([['content-length', 'x']]),
      expected: { reset: PROTOCOL },
    },
    {
      name: 'a body that is longer than its content-length',
      frames: [post(1, [['content-length', '1']]), frame('data', END_STREAM, 1, Buffer.from('test'))],
      expected: { reset: PROTOCOL },
    },
    {
      name: 'a body in two frames that is shorter',
      frames: [
        post(1, [['content-length', '9']]),
        frame('data', 0, 1, Buffer.from('test')),
        frame('data', END_STREAM, 1, Buffer.from('test')),
      ],
      expected: { reset: PROTOCOL },
    },
  ],
  'RFC 9113, 8.2.1 field validity': [
    { name: 'a name in upper case', frames: wrong([['X-TEST', 'ok']]), expected: { reset: PROTOCOL } },
    { name: 'a name with a space', frames: wrong([['x test', 'ok']]), expected: { reset: PROTOCOL } },
    { name: 'an empty name', frames: wrong([['', 'ok']]), expected: { reset: PROTOCOL } },
    { name: 'a value with a line end', frames: wrong([['x', 'a\r\nb']]), expected: { reset: PROTOCOL } },
    { name: 'a value with a NUL', frames: wrong([['x', 'a\0b']]), expected: { reset: PROTOCOL } },
    { name: 'a value that begins with a space', frames: wrong([['x', ' a']]), expected: { reset: PROTOCOL } },
  ],
  'RFC 9113, 8.2.2 connection-specific fields': [
    { name: 'connection', frames: wrong([['connection', 'keep-alive']]), expected: { reset: PROTOCOL } },
    {
      name: 'transfer-encoding',
      frames: wrong([['transfer-encoding', 'chunked']]),
      expected: { reset: PROTOCOL },
    },
    { name: 'upgrade', frames: wrong([['upgrade', 'websocket']]), expected: { reset: PROTOCOL } },
    {
      name: 'proxy-connection',
      frames: wrong([['proxy-connection', 'close']]),
      expected: { reset: PROTOCOL },
    },
    { name: 'keep-alive', frames: wrong([['keep-alive', '5']]), expected: { reset: PROTOCOL } },
    {
      name: 'te without trailers',
      frames: wrong([['te', 'trailers, deflate']]),
      expected: { reset: PROTOCOL },
    },
    { name: 'te with trailers', frames: wrong([['te', 'trailers']]), expected: { answered: 1 } },
  ],
  'RFC 9113, 8.3 control data': [
    { name: 'an unknown pseudo-header', frames: wrong([[':test', 'ok']]), expected: { reset: PROTOCOL } },
    {
      name: 'a pseudo-header of responses',
      frames: wrong([[':status', '200']]),
      expected: { reset: PROTOCOL },
    },
    {
      name: 'a pseudo-header after a field',
      frames: [
        frame(
          'headers',
          WHOLE,
          1,
          Buffer.concat([head([['x', 'y']], [':path']), head([], [':method', ':scheme', ':authority'])]),
        ),
      ],
      expected: { reset: PROTOCOL },
    },
  ],
  'RFC 9113, 8.3.1 request pseudo-headers': [
    { name: 'an empty :path', frames: wrong([[':path', '']]), expected: { reset: PROTOCOL } },
    { name: 'a :path without a slash', frames: wrong([[':path', 'a']]), expected: { reset: PROTOCOL } },
    { name: 'a :path with a space', frames: wrong([[':path', '/a b']]), expected: { reset: PROTOCOL } },
    {
      name: '* for OPTIONS alone',
      frames: wrong([
        [':path', '*'],
        [':method', 'OPTIONS'],
      ]),
      expected: { answered: 1 },
    },
    { name: '* for GET', frames: wrong([[':path', '*']]), expected: { reset: PROTOCOL } },
    ...[':method', ':scheme', ':path'].map((name) => ({
      name: `no ${name}`,
      frames: wrong([], [name]),
      expected: { reset: PROTOCOL },
    })),
    ...['82', '87', '84'].map((again) => ({
      name: `a pseudo-header twice (${again})`,
      frames: [frame('headers', WHOLE, 1, Buffer.concat([Buffer.from(again, 'hex'), GET]))],
      expected: { reset: PROTOCOL },
    })),
  ],
  'RFC 9113, 8.5 CONNECT': [
    {
      name: 'it is passed on to be refused',
      frames: [frame('headers', WHOLE, 1, head([[':method', 'CONNECT']], [':path', ':scheme']))],
      expected: { answered: 1 },
    },
    {
      name: 'with a path it is malformed',
      frames: wrong([[':method', 'CONNECT']]),
      expected: { reset: PROTOCOL },
    },
  ],
  'RFC 7541': [
    { name: '2.3.3: an index beyond both tables', frames: block('c8'), expected: { goAway: COMPRESSION } },
    {
      name: '4.2: a size update at the end of a block',
      frames: block('3f'),
      expected: { goAway: COMPRESSION },
    },
    {
      name: '5.2: padding of more than seven bits',
      frames: block('000161821fff'),
      expected: { goAway: COMPRESSION },
    },
    { name: '5.2: padding with zeros', frames: block('0001618118'), expected: { goAway: COMPRESSION } },
    {
      name: '5.2: the code for the end',
      frames: block('00016184ffffffff'),
      expected: { goAway: COMPRESSION },
    },
    { name: '6.1: index 0', frames: block('80'), expected: { goAway: COMPRESSION } },
    {
      name: '6.3: a table that is larger than the setting',
      frames: [frame('headers', WHOLE, 1, Buffer.concat([Buffer.from('3fe21f', 'hex'), GET]))],
      expected: { goAway: COMPRESSION },
    },
  ],
};

for (const [section, cases] of Object.entries(CASES))
  t.test(section, async (t) => {
    for (const { name, frames, later = [], expected } of cases) {
      const one = new OpenedConnection().greet();
      one.send(...frames);
      if (later.length > 0) {
        await one.settle();
        one.send(...later);
      }
      await one.settle();
      if (expected === 'goes-on') {
        one.send(frame('ping', 0, 0, Buffer.from('12345678')));
        t.equal(String(one.of('ping').at(-1)?.payload), '12345678', name);
        t.equal(one.goneAway, undefined, name);
      } else if ('goAway' in expected) {
        t.strictSame([one.goneAway, one.hasEnded], [expected.goAway, true], name);
      } else if ('reset' in expected) {
        t.equal(one.reset(expected.id ?? 1), expected.reset, name);
        t.equal(one.goneAway, undefined, name);
        const isAnswered = /^(half-)?closed:/.test(name);
        if (!isAnswered) t.strictSame(one.of('headers', expected.id ?? 1), [], `${name}: no response`);
      } else {
        t.equal(one.of('headers', expected.answered).length, 1, name);
        t.equal(one.goneAway, undefined, name);
      }
      t.strictSame(one.failures, [], name);
    }
  });

t.test('RFC 9113, 3.4: the preface', async (t) => {
  const wrongPreface = new OpenedConnection().send(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  t.strictSame([wrongPreface.goneAway, wrongPreface.hasEnded], [PROTOCOL, true]);
  const noSettings = new OpenedConnection().send(PREFACE, get(1));
  t.equal(noSettings.goneAway, PROTOCOL);
  const inPieces = new OpenedConnection();
  for (const byte of Buffer.concat([PREFACE, frame('settings', 0, 0), get(1)]))
    inPieces.send(Buffer.of(byte));
  await inPieces.settle();
  t.equal(inPieces.of('headers', 1).length, 1);
});

t.test('RFC 9113, 6.5.3: settings are acknowledged, and take effect in their order', async (t) => {
  const one = new OpenedConnection().greet(Buffer.concat([setting(4, 100), setting(4, 1)])).send(get(1));
  await one.settle();
  t.equal(one.of('settings').filter(({ flags }) => flags === ACK).length, 1);
  t.equal(one.bytes(1), 1, 'a window of one byte');
});

t.test('RFC 9113, 6.7: PING is answered, and its answer is not', async (t) => {
  const one = new OpenedConnection().greet().send(frame('ping', ACK, 0, Buffer.alloc(8)));
  t.strictSame(one.of('ping'), []);
  one.send(frame('ping', 0, 0, Buffer.from('abcdefgh')));
  t.match(one.of('ping'), [{ flags: ACK }]);
});

t.test('RFC 9113, 6.9.2: a window may become negative, and is widened again', async (t) => {
  const one = new OpenedConnection({ body: Buffer.alloc(10) }).greet(setting(4, 3)).send(get(1));
  await one.settle();
  t.equal(one.bytes(1), 3);
  one.send(frame('settings', 0, 0, setting(4, 2)));
  one.send(frame('window', 0, 1, uint32(1)));
  await one.settle();
  t.equal(one.bytes(1), 3, 'it is 0 now');
  one.send(frame('settings', 0, 0, setting(4, 6)));
  await one.settle();
  t.equal(one.bytes(1), 7);
  one.send(frame('window', 0, 1, uint32(100)));
  await one.settle();
  t.equal(one.bytes(1), 10);
  t.equal(one.of('data', 1).at(-1)?.flags, END_STREAM);
});

t.test('RFC 7541, 4.2: for a client without a table, the first header block says so', async (t) => {
  for (const options of [{}, { hot: Buffer.from('hot') }]) {
    const one = new OpenedConnection(options).greet(setting(1, 0)).send(get(1), get(3));
    await one.settle();
    t.equal(one.of('headers', 1)[0]?.payload[0], 0x20);
    t.not(one.of('headers', 3)[0]?.payload[0], 0x20);
    t.strictSame([one.of('data', 1).length, one.of('data', 3).length], [1, 1]);
  }
});
