import { PassThrough, type Readable, type Transform } from 'node:stream';
import { constants, createZstdDecompress } from 'node:zlib';
import { SkerryError, systemCode } from '../../shared/errors.ts';
import { cutOff, isCutOff } from '../../shared/http/cut-off.ts';

const PIECE = 64 * 1024;
/** The largest window that a frame may ask for, as a power of 2. Level 19 asks for 8 MiB. */
const MAX_WINDOW_LOG = 23;

/**
 * Decodes the `Content-Encoding` of a request's body, which may be zstd or none, while it is read. Throws
 * `truncated-upload` when the sender disconnects or the encoded bytes end early, and `bad-request` when they are not
 * zstd.
 */
export async function* unpacked(body: Readable, encoding: string | undefined): AsyncGenerator<Buffer> {
  const decoder = decoderFor(encoding);
  // This is not a pipeline, because a pipeline would close the connection when the reader gives up, and the response
  // could not be sent.
  const gone = (cause?: Error) => {
    if (!body.readableEnded) decoder.destroy(cutOff(cause));
  };
  body.on('error', gone).on('close', () => gone());
  // A body that was destroyed earlier emits no further event.
  if (body.destroyed) gone();
  else body.pipe(decoder);
  try {
    for await (const piece of decoder) yield piece as Buffer;
  } catch (error) {
    throw known(error);
  } finally {
    body.unpipe(decoder);
    // Discards the rest of the body, because a sender does not read the response while it is still sending.
    body.resume();
  }
}

function decoderFor(encoding: string | undefined): Transform {
  switch (encoding?.trim().toLowerCase()) {
    case undefined:
    case '':
    case 'identity':
      return new PassThrough({ highWaterMark: PIECE });
    case 'zstd':
      return createZstdDecompress({
        chunkSize: PIECE,
        params: { [constants.ZSTD_d_windowLogMax]: MAX_WINDOW_LOG },
      });
    default:
      throw new SkerryError(
        'bad-request',
        `the content encoding ${encoding} is not supported; use zstd or none`,
      );
  }
}

function known(error: unknown): SkerryError {
  if (error instanceof SkerryError) return error;
  // The decoder's code for a frame without its end.
  if (isCutOff(error) || systemCode(error) === 'Z_BUF_ERROR') return cutOff(error);
  return new SkerryError('bad-request', 'the body is not valid zstd', { cause: error });
}
