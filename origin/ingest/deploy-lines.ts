import { JSONParser } from '@streamparser/json';
import type { Static } from 'typebox';
import { MAX_PATH_BYTES } from '../../shared/content/content-path.ts';
import type { Digest } from '../../shared/content/digest.ts';
import { MAX_MEDIA_TYPE, MOST_META } from '../../shared/content/entry-meta.ts';
import { SkerryError } from '../../shared/errors.ts';
import { JsonStructure } from '../../shared/json/json-structure.ts';
import { lines } from '../../shared/json/lines.ts';
import { schema } from '../../shared/json/schema.ts';
import {
  type DeployHeader,
  deployFileSchema,
  deployHeaderSchema,
  deployLineSchema,
} from '../../shared/wire/deploy-api.ts';
import type { DeployFile } from '../catalog/deploy-calls.ts';
import { NO_DETAILS } from '../catalog/file-change.ts';
import { DeployShape } from './deploy-shape.ts';
import { givenDetails } from './file-details.ts';
import { publishedPath } from './published-path.ts';

export type DeployItem = { readonly header: DeployHeader } | { readonly file: DeployFile };

/** Room for the longest path and metadata, each character escaped, and the rest of the line. */
const MAX_LINE = 6 * (MAX_PATH_BYTES + MOST_META.bytes + MAX_MEDIA_TYPE) + 2048;
/**
 * DeployShape limits the depth and the members. The longest token is a value of metadata, with each character escaped.
 */
const JSON_TOKENS = { depth: 4, values: Number.MAX_SAFE_INTEGER, token: 6 * MOST_META.bytes };
/** The first character of each kind of token, in the parser's order. */
const SIGNS = '{}[]:,tfn"0';
const header = schema(deployHeaderSchema);
type GivenFile = Static<typeof deployFileSchema>;
const file = schema(deployFileSchema);
const line = schema(deployLineSchema);

/** Reads a deploy in NDJSON, line by line. */
export async function* deployFromLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<DeployItem> {
  let number = 0;
  for await (const text of lines(body, MAX_LINE)) {
    number++;
    if (number === 1 && isHeader(text)) yield { header: header.parseText(text) };
    else yield { file: atLine(number, () => lineFile(text)) };
  }
  // A header alone publishes an empty tree. A body without any line is more likely a mistake.
  if (number === 0) throw new SkerryError('bad-request', 'the body is empty');
}

function isHeader(text: string): boolean {
  return !/^\s*\{\s*"(path|digest|size|delete)"/.test(text);
}

function lineFile(text: string): DeployFile {
  const parsed = line.parseText(text);
  return 'delete' in parsed ? deletionOf(parsed.delete) : fileOf(parsed.path, parsed);
}

function atLine<T>(number: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SkerryError) {
      throw new SkerryError(error.code, `line ${number}: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

/**
 * Reads a deploy in the form of one JSON object, without ever holding the whole object. JSON.parse would also silently
 * drop the first of two equal keys, but a path that is named twice must be refused.
 */
export async function* deployFromJson(body: AsyncIterable<Uint8Array>): AsyncGenerator<DeployItem> {
  // The parser releases the values at these paths after it has passed them on. With the paths of their containers, it
  // would keep all of them.
  const parser = new JSONParser({
    paths: ['$.files.*', '$.delete.*', '$.base', '$.expect'],
    keepStack: false,
  });
  const structure = new JsonStructure(JSON_TOKENS);
  const shape = new DeployShape();
  const given = new Map<string, unknown>();
  let items: DeployItem[] = [];
  parser.onToken = ({ token, value }) => shape.take({ sign: SIGNS.charAt(token), value });
  parser.onValue = ({ value, key, stack }) => {
    const parent = stack.at(-1)?.key;
    if (stack.length === 1) given.set(String(key), value);
    else if (parent === 'files') items.push({ file: jsonFile(String(key), value) });
    else items.push({ file: jsonDeletion(value) });
  };
  for await (const piece of body) {
    const fault = structure.fault(
      Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('latin1'),
    );
    if (fault !== undefined) throw new SkerryError('bad-request', `the deploy ${fault}`);
    feed(parser, piece);
    yield* items;
    items = [];
  }
  if (!parser.isEnded) throw new SkerryError('bad-request', 'the JSON body is cut off, or not an object');
  if (!shape.members.has('files') && !shape.members.has('delete'))
    throw new SkerryError(
      'bad-request',
      'a deploy must list its files, or have a base and list what it deletes',
    );
  yield { header: header.parse(Object.fromEntries(given)) };
}

function feed(parser: JSONParser, piece: Uint8Array): void {
  try {
    parser.write(piece);
  } catch (error) {
    if (error instanceof SkerryError) throw error;
    throw new SkerryError('bad-request', 'the body is not valid JSON', { cause: error });
  }
}

function jsonFile(path: string, value: unknown): DeployFile {
  return fileOf(path, file.parse(value));
}

function jsonDeletion(value: unknown): DeployFile {
  if (typeof value !== 'string') throw new SkerryError('bad-request', 'delete must list paths');
  return deletionOf(value);
}

function fileOf(path: string, { digest, size, type, meta }: GivenFile): DeployFile {
  return {
    ...{ path: publishedPath(path), digest: digest as Digest, size },
    ...(type === undefined && meta === undefined ? NO_DETAILS : givenDetails(type, meta)),
  };
}

function deletionOf(path: string): DeployFile {
  return { path: publishedPath(path), digest: null, size: 0, ...NO_DETAILS };
}
