import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { hasCode } from '../../../shared/errors.ts';
import type { Schema } from '../../../shared/json/schema.ts';
import { S3Error } from './s3-error.ts';

/** The largest body: 10,000 parts with their checksums, or 1000 keys. */
export const XML_BYTES = 2 * 1024 * 1024;
/** Parsing takes time for each of these, so a document may have as many as its longest list needs. */
const MOST_OF_ITEM = { tags: 12, references: 12 };
const MOST_BESIDES = { tags: 100, references: 100 };
/** Honest documents have a namespace, and the type of each grantee. */
const MOST_ATTRIBUTES = 200;
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

export interface Root {
  readonly name: string;
  /** How many items its longest list may have. */
  readonly items: number;
}

/** Reads a document with this root. Throws `MalformedXML`. */
export function readXml<T>(bytes: Buffer, root: Root, content: Schema<T>): T {
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

function rootOf(text: string, { name, items }: Root): unknown {
  // A document type may define entities, and no client of S3 sends one.
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) throw new S3Error('MalformedXML');
  const most = (what: keyof typeof MOST_OF_ITEM) => items * MOST_OF_ITEM[what] + MOST_BESIDES[what];
  if (has(text, /</g, most('tags')) || has(text, /&/g, most('references'))) throw new S3Error('MalformedXML');
  if (has(text, /=\s*["']/g, MOST_ATTRIBUTES + items)) throw new S3Error('MalformedXML');
  if (XMLValidator.validate(text) !== true) throw new S3Error('MalformedXML');
  const parsed = parser.parse(text) as Readonly<Record<string, unknown>>;
  const content = parsed[name];
  // An empty element is an empty text.
  return typeof content === 'string' && content.trim() === '' ? {} : content;
}

/** Whether something occurs more often than it may. */
function has(text: string, what: RegExp, most: number): boolean {
  let found = 0;
  for (const _ of text.matchAll(what)) if (++found > most) return true;
  return false;
}
