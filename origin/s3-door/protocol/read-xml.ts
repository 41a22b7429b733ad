import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { hasCode } from '../../../shared/errors.ts';
import type { Schema } from '../../../shared/json/schema.ts';
import { S3Error } from './s3-error.ts';

/** The largest body: 10,000 parts with their checksums, or 1000 keys. */
export const XML_BYTES = 2 * 1024 * 1024;
/** Parsing takes time for each of these. The largest honest body has 80,000 tags. */
const MOST = { tags: 100_000, references: 100_000 };
const MOST_DEPTH = 8;

/** Elements that may be repeated. */
const LISTS: ReadonlySet<string> = new Set(['Grant', 'Object', 'Part', 'Tag']);

const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  removeNSPrefix: true,
  parseTagValue: false,
  trimValues: false,
  maxNestedTags: MOST_DEPTH,
  // Without this, references to characters by their numbers stay as they are.
  htmlEntities: true,
  isArray: (name) => LISTS.has(name),
});

/** Reads a document whose root has this name. Throws `MalformedXML`. */
export function readXml<T>(bytes: Buffer, root: string, content: Schema<T>): T {
  const text = bytes.toString('utf8');
  try {
    return content.parse(rootOf(text, root));
  } catch (error) {
    // The parser throws its own errors, for example for tags that are nested too deeply.
    if (error instanceof S3Error) throw error;
    const fault = hasCode(error, 'bad-request') ? (error as Error).message : undefined;
    throw new S3Error('MalformedXML', fault && `The XML you provided is not valid: ${fault}`, {
      cause: error,
    });
  }
}

function rootOf(text: string, root: string): unknown {
  // A document type may define entities, and no client of S3 sends one.
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) throw new S3Error('MalformedXML');
  if (count(text, '<') > MOST.tags || count(text, '&') > MOST.references) throw new S3Error('MalformedXML');
  if (XMLValidator.validate(text) !== true) throw new S3Error('MalformedXML');
  const parsed = parser.parse(text) as Readonly<Record<string, unknown>>;
  const content = parsed[root];
  // An empty element is an empty text.
  return typeof content === 'string' && content.trim() === '' ? {} : content;
}

function count(text: string, character: string): number {
  let found = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) found++;
  return found;
}
