import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { Busboy, type BusboyConfig, type BusboyInstance } from '@fastify/busboy';
import { S3Error } from '../protocol/s3-error.ts';

/** S3's limit for all fields together, and what no honest form exceeds. */
const FIELD_BYTES = 20 * 1024;
/** The parser tells of a field at its end, however far that is. */
const MOST_BEFORE_FILE = 128 * 1024;
const LIMITS: BusboyConfig['limits'] = {
  ...{ fieldSize: FIELD_BYTES, fields: 100, fieldNameSize: 200, files: 1 },
  ...{ parts: 101, headerPairs: 20, headerSize: 8 * 1024 },
};

/** A form that has been read up to its file. */
export interface Form {
  /** The fields before the file. Their names are in lower case. */
  readonly fields: ReadonlyMap<string, string>;
  readonly fileName: string;
  /** The bytes of the file. Throws at their end if the form does not end as it must. */
  fileBytes(): AsyncGenerator<Buffer>;
}

/** Reads a form up to its file, whose bytes wait. What is behind the file is ignored, as at S3. Throws S3's errors. */
export async function readForm(body: Readable, type: string): Promise<Form> {
  const parser = parserOf(type);
  const fields = new Map<string, string>();
  let held = 0;
  let fault: unknown;
  const refuse = (message: string) => {
    fault ??= new S3Error('MalformedPOSTRequest', message);
    parser.destroy(fault as Error);
  };
  parser.on('field', (name, value, isNameCut, isCut) => {
    held += Buffer.byteLength(name) + Buffer.byteLength(value);
    if (isCut || isNameCut || held > FIELD_BYTES) refuse('The fields before the file are too large.');
    else fields.set(name.toLowerCase(), value);
  });
  for (const limit of ['fieldsLimit', 'partsLimit'] as const)
    parser.on(limit, () => refuse('The form has too many fields.'));
  parser.on('error', (error) => {
    fault ??= error;
  });
  body.once('error', (error) => parser.destroy(error));
  const ended = once(parser, 'finish').catch(() => {});
  const file = new Promise<Pick<Form, 'fileName' | 'fileBytes'>>((resolve, reject) => {
    parser.once('file', (_field, stream, fileName = '') => {
      const cut = (error: unknown) => {
        fault ??= error;
        stream.destroy();
      };
      stream.once('error', cut);
      parser.once('error', cut);
      async function* fileBytes() {
        try {
          for await (const piece of stream) yield piece as Buffer;
          await ended;
        } catch (error) {
          fault ??= error;
        }
        if (fault !== undefined) throw malformed(fault);
      }
      resolve({ fileName, fileBytes });
    });
    parser.once('error', reject);
    parser.once('finish', () =>
      reject(new S3Error('InvalidArgument', 'POST requires exactly one file upload per request.')),
    );
  });
  body.pipe(parser);
  let came = 0;
  // The parser has seen the bytes before this listener.
  const count = (bytes: Buffer) => {
    came += bytes.length;
    if (came > MOST_BEFORE_FILE) refuse('The fields before the file are too large.');
  };
  body.on('data', count);
  parser.once('file', () => body.off('data', count));
  try {
    const found = await file;
    if (fault !== undefined) throw fault;
    return { fields, ...found };
  } catch (error) {
    throw malformed(error);
  }
}

function parserOf(type: string): BusboyInstance {
  try {
    // Without a name, a file would be taken for a field.
    return new Busboy({ headers: { 'content-type': type }, limits: LIMITS, isPartAFile: isFile });
  } catch (cause) {
    throw new S3Error('MalformedPOSTRequest', undefined, { cause });
  }
}

function isFile(field: string | undefined): boolean {
  return field?.toLowerCase() === 'file';
}

function malformed(error: unknown): unknown {
  return error instanceof Error && error.constructor === Error
    ? new S3Error('MalformedPOSTRequest', undefined, { cause: error })
    : error;
}
