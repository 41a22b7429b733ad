import t from 'tap';
import { inHttp, spanLength } from '../../../../shared/store/byte-span.ts';

t.equal(inHttp({ start: 0, end: 10 }), '0-9');
t.equal(inHttp({ start: 9, end: 10 }), '9-9');
t.equal(spanLength({ start: 9, end: 10 }), 1);
t.end();
