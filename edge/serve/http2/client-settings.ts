import { isWindow } from './flow-window.ts';
import { ConnectionError, ErrorCode, MOST_FRAME_BYTES, Setting } from './frames.ts';

const SETTING_BYTES = 6;
const MOST_FRAME_SIZE = 2 ** 24 - 1;
/** The size of a dynamic table before any setting (RFC 9113, 6.5.2). */
const USUAL_TABLE_BYTES = 4096;

/** What this server needs to know from SETTINGS. It never sends larger frames, and never fills a larger table. */
export interface ClientSettings {
  /** The window with which each stream begins. Undefined if it does not change. */
  readonly initialWindow: number | undefined;
  /** Whether the client wants a smaller dynamic table than usual. */
  readonly hasSmallTable: boolean;
}

/** Reads the payload of SETTINGS (RFC 9113, 6.5.2). Throws `ConnectionError` if a value is not allowed. */
export function clientSettings(from: Buffer, start: number, end: number): ClientSettings {
  let initialWindow: number | undefined;
  let hasSmallTable = false;
  for (let at = start; at < end; at += SETTING_BYTES) {
    const value = from.readUInt32BE(at + 2);
    switch (from.readUInt16BE(at)) {
      case Setting.headerTableSize:
        // The smallest of several values counts (RFC 7541, 4.2).
        if (value < USUAL_TABLE_BYTES) hasSmallTable = true;
        break;
      case Setting.enablePush:
        if (value > 1) throw new ConnectionError(ErrorCode.protocol, 'ENABLE_PUSH is neither 0 nor 1');
        break;
      case Setting.initialWindowSize:
        if (!isWindow(value))
          throw new ConnectionError(ErrorCode.flowControl, 'INITIAL_WINDOW_SIZE is too large');
        initialWindow = value;
        break;
      case Setting.maxFrameSize:
        if (value < MOST_FRAME_BYTES || value > MOST_FRAME_SIZE)
          throw new ConnectionError(ErrorCode.protocol, 'MAX_FRAME_SIZE is out of range');
        break;
      case Setting.noRfc7540Priorities:
        if (value > 1)
          throw new ConnectionError(ErrorCode.protocol, 'NO_RFC7540_PRIORITIES is neither 0 nor 1');
    }
  }
  return { initialWindow, hasSmallTable };
}
