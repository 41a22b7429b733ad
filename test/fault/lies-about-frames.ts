import type { Random } from '../helpers/random.ts';
import type { FrameLie } from './lies.ts';

interface FrameJson {
  t: string;
  record?: Record<string, unknown>;
  head?: Record<string, unknown>;
  names?: string[];
}

/** What an honest stream has sent before, for lies that send it again. */
export interface Memory {
  readonly heads: string[];
  readonly records: string[];
  held: string | undefined;
}

/** The lines that a liar sends in place of one. Undefined ends the stream. */
export function lieAboutFrame(
  lie: FrameLie,
  line: string,
  memory: Memory,
  dice: Random,
): string[] | undefined {
  const frame = JSON.parse(line) as FrameJson;
  const { record, head } = frame;
  const changed = (part: object) => JSON.stringify({ ...frame, ...part });
  switch (lie) {
    case 'record-altered': {
      if (record === undefined) return [line];
      const change = dice.pick<Record<string, unknown>>([
        { revision: Number(record.revision) + 1 },
        { site: Number(record.site) + 1 },
        { root: 'ab'.repeat(32) },
        { time: Number(record.time) + 1 },
        { kind: 'activate' },
        { critical: false },
        { seq: Number(record.seq) + 1 },
        { prev: '0'.repeat(64) },
        { log: 'ab'.repeat(16) },
        { epoch: 2 },
        { sig: String(record.sig).replace(/^./, 'A') },
      ]);
      return [changed({ record: { ...record, ...change } })];
    }
    case 'record-payload':
      if (record === undefined) return [line];
      return [changed({ record: { ...record, payload: String(record.payload).replace(/\d/, '7') } })];
    case 'record-dropped':
      return record === undefined ? [line] : [];
    case 'record-swapped': {
      if (record === undefined) return [line];
      const before = memory.held;
      memory.held = before === undefined ? line : undefined;
      return before === undefined ? [] : [line, before];
    }
    case 'record-repeated':
      return record === undefined || memory.records.length === 0 ? [line] : [dice.pick(memory.records), line];
    case 'head-old':
      return head === undefined || memory.heads.length === 0 ? [line] : [memory.heads[0] ?? line];
    case 'head-dropped':
      // A frame still passes, so that the edge does not take the stream for silent.
      return head === undefined ? [line] : ['{"v":9,"t":"noise"}'];
    case 'head-altered':
      return head === undefined ? [line] : [changed({ head: { ...head, seq: Number(head.seq) + 5 } })];
    case 'head-alone':
      return record === undefined ? [line] : ['{"v":9,"t":"noise"}'];
    case 'path-loop':
      return frame.names === undefined ? [line] : [changed({ names: ['liar', 'edge'] })];
    case 'path-garbage':
      return frame.names === undefined ? [line] : [changed({ names: ['No Name!', ''] })];
    case 'frame-critical':
      return ['{"v":7,"t":"future","critical":true}', line];
    case 'frame-unknown':
      return ['{"v":7,"t":"future"}', line];
    case 'frame-huge':
      return [line, ...Array.from({ length: 20 }, () => hugeFrame())];
    case 'frame-garbage':
      return [line.slice(0, Math.floor(line.length / 2))];
    case 'call-withheld':
      return frame.t === 'report-now' ? ['{"v":9,"t":"noise"}'] : [line];
    case 'call-endless':
      return [line, ...Array.from({ length: 200 }, () => '{"v":1,"t":"report-now","edges":null}')];
    case 'stream-cut':
    case 'stream-trickle':
      return undefined;
  }
}

let huge: string | undefined;
const hugeFrame = () => {
  huge ??= JSON.stringify({ v: 7, t: 'future', noise: 'x'.repeat(4 * 1024 * 1024 - 100) });
  return huge;
};
